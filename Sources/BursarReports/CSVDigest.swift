// The digest of a month's CSV file, made while its rows go by.
package import BursarCore
internal import Crypto
internal import Synchronization

/// Hashes the very bytes that the CSV file of the whole period holds.
package final class CSVDigest: Sendable {
    private struct State {
        var hash = SHA256()
        var count = 0

        mutating func add(_ bytes: [UInt8]) {
            hash.update(data: bytes)
            count += bytes.count
        }
    }

    private let state: Mutex<State>

    package init() {
        var state = State()
        state.add(Array(CSVFormat.header.utf8))
        self.state = Mutex(state)
    }

    /// Takes the next rows, in the order of the file.
    package func add(_ rows: [UsageRow], head: PeriodHead) {
        let bytes = CSVFormat.bytes(rows, head: head)
        state.withLock { $0.add(bytes) }
    }

    /// SHA-256 in hexadecimal of what came so far.
    package func finish() -> String {
        hexText(Array(state.withLock { $0.hash.finalize() }))
    }

    /// How many bytes the file has so far.
    package var byteCount: Int { state.withLock { $0.count } }
}
