// A value that must not be seen: it prints as redacted, and its memory is wiped when it goes.
private import Glibc

/// Plaintext of a credential, token or key on its way through the program. It converts only by an explicit
/// call, every way of printing it says `<redacted>`, and two are compared in constant time.
package struct Secret: Sendable {
    private let storage: Storage

    package init(_ bytes: some Collection<UInt8>) { storage = Storage(bytes) }
    package init(_ text: String) { storage = Storage(text.utf8) }

    package var count: Int { storage.buffer.count }
    package var isEmpty: Bool { storage.buffer.isEmpty }

    /// Lends the bytes; the pointer must not leave `body`.
    package func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeRawBufferPointer(storage.buffer))
    }

    /// A copy that is not wiped: only for handing to an interface that takes nothing else.
    package func reveal() -> [UInt8] { withBytes { Array($0) } }

    /// The same as text; bytes that are not UTF-8 become replacement characters.
    package func revealText() -> String { withBytes { String(decoding: $0, as: UTF8.self) } }

    // Unchecked: the buffer is written in `init` and wiped in `deinit`, and only read in between.
    private final class Storage: @unchecked Sendable {
        let buffer: UnsafeMutableRawBufferPointer

        init(_ bytes: some Collection<UInt8>) {
            buffer = .allocate(byteCount: bytes.count, alignment: 1)
            buffer.copyBytes(from: bytes)
        }

        deinit {
            if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) }
            buffer.deallocate()
        }
    }
}

extension Secret: Equatable {
    package static func == (left: Secret, right: Secret) -> Bool {
        left.withBytes { left in right.withBytes { right in equalInConstantTime(left, right) } }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}

/// Equality whose time depends on the lengths only.
package func equalInConstantTime(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(left, right) { difference |= a ^ b }
    return difference == 0
}
