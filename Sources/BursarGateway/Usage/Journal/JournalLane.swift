// Two pages in turn, for the threads of one lane.
internal import BursarCore
internal import Synchronization

/// One page is counted in while the other is sealed. The lock is held for a few stores; the threads of one
/// lane, normally one event loop's, are the only ones who want it, but for the sealing once a second. From a
/// swap to the next, the other page belongs to whoever seals, who is alone.
final class JournalLane: Sendable {
    private struct State {
        var active: JournalPage
        var other: JournalPage
    }

    private let state: Mutex<State>
    private let boot: ReplicaID
    private let number: Int

    init(
        _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer, boot: ReplicaID,
        number: Int
    ) {
        self.boot = boot
        self.number = number
        var active = JournalPage(bytes: first)
        active.begin(sequence: 1, boot: boot, lane: number)
        // Both live in mapped memory, which the lane's lock guards.
        nonisolated(unsafe) let pages = State(active: active, other: JournalPage(bytes: second))
        state = Mutex(pages)
    }

    enum Counted { case exactly, unattributed, halfFull }

    func count(_ key: UsageKey, minute: Int64) -> Counted {
        state.withLock { state in
            guard state.active.count(key, minute: minute) else { return .unattributed }
            return state.active.isHalfFull ? .halfFull : .exactly
        }
    }

    func append(_ event: RefreshEvent) -> Bool { state.withLock { $0.active.append(event) } }

    var isEmpty: Bool { state.withLock { $0.active.isEmpty } }

    /// Goes on counting in the other page, for `sequence`.
    func swap(to sequence: Int64) {
        state.withLock { state in
            state.other.begin(sequence: sequence, boot: boot, lane: number)
            Swift.swap(&state.active, &state.other)
        }
    }

    /// How much the page that is not counted in holds.
    var retiredBytes: Int { retiredPage.bytes.count }

    /// What that page holds. Read outside the lock: it may be thousands of records.
    func writeRetired(to frame: inout JournalFrameWriter) {
        let page = retiredPage
        _ = JournalPage.read(UnsafeRawBufferPointer(page.bytes), salt: page.salt) { record in
            frame.append(record)
            return true
        }
    }

    /// Once its frame is on the disk.
    func clearRetired() {
        JournalPage.zero(retiredPage.bytes)
        state.withLock { $0.other.forget() }
    }

    // Mapped memory that only whoever seals touches until the next swap.
    private struct RetiredPage: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
        let salt: UInt64
    }

    private var retiredPage: RetiredPage {
        state.withLock { state in
            let used = UnsafeMutableRawBufferPointer(rebasing: state.other.bytes[..<state.other.used])
            return RetiredPage(bytes: used, salt: state.other.salt)
        }
    }
}
