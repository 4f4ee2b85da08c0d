// Lets so many through at once; the others queue.
internal import DequeModule
internal import Synchronization

/// A bulkhead: one hung provider occupies its own places and nobody else's. The queue is bounded by the
/// slots, of which each has at most one flight.
final class ConcurrencyGate: Sendable {
    private struct Contents {
        var free: Int
        var queue: Deque<CheckedContinuation<Void, Never>> = []
    }

    private let contents: Mutex<Contents>

    init(places: Int) { contents = Mutex(Contents(free: places)) }

    func pass<R: Sendable>(_ body: () async -> R) async -> R {
        await enter()
        defer { leave() }
        return await body()
    }

    private func enter() async {
        await withCheckedContinuation { continuation in
            let enters = contents.withLock { contents in
                guard contents.free > 0 else {
                    contents.queue.append(continuation)
                    return false
                }
                contents.free -= 1
                return true
            }
            if enters { continuation.resume() }
        }
    }

    private func leave() {
        let next = contents.withLock { contents in
            let next = contents.queue.popFirst()
            if next == nil { contents.free += 1 }
            return next
        }
        next?.resume()
    }
}
