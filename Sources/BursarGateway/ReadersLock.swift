// A value that every request reads and few changes touch.
internal import Synchronization

/// Readers on different threads never meet: each takes the lock of its own lane. Who changes the value takes
/// them all, and has it in place, so that a change costs no copy.
final class ReadersLock<Value>: @unchecked Sendable {
    // Guarded by the lanes: whoever reads holds one of them, whoever writes all.
    private let value: UnsafeMutablePointer<Value>
    private let lanes: [Lane]

    /// With room behind it for two lines of the processor's cache, so that no two locks share one.
    private final class Lane: Sendable {
        let lock = Mutex<Void>(())
        private let room = InlineArray<15, UInt64>(repeating: 0)
    }

    /// - Parameter lanes: as many as there are threads that read often. The next power of two is made, so
    ///   that a thread's own is found without a division.
    init(_ value: sending Value, lanes: Int = 16) {
        self.value = .allocate(capacity: 1)
        self.value.initialize(to: value)
        let count = 1 << (Int.bitWidth - (lanes - 1).leadingZeroBitCount)
        self.lanes = (0..<count).map { _ in Lane() }
    }

    deinit {
        value.deinitialize(count: 1)
        value.deallocate()
    }

    /// Lends the value; the pointer must not leave `body`. Passed as itself, it would be copied.
    func read<R>(_ body: (UnsafePointer<Value>) -> R) -> R {
        let lane = lanes[ThreadNumber.current & (lanes.count - 1)]
        return lane.lock.withLock { _ in Result(body(UnsafePointer(value))) }.value
    }

    func write<R>(_ body: (inout Value) -> R) -> R { write(from: 0, body) }

    private func write<R>(from lane: Int, _ body: (inout Value) -> R) -> R {
        guard lane < lanes.count else { return body(&value.pointee) }
        return lanes[lane].lock.withLock { _ in Result(write(from: lane + 1, body)) }.value
    }

    /// What comes out is the reader's own business, as with any value that several threads share.
    private struct Result<R>: @unchecked Sendable {
        let value: R
        init(_ value: R) { self.value = value }
    }
}
