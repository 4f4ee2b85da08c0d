// Time that passes when the test says so.
package import BursarCore
internal import BursarGateway
internal import Synchronization

/// A clock that stands still until it is advanced. Sleepers wake in the order of their times; those of one
/// time in the order in which they came.
package final class ManualClock: GatewayClock {
    /// Names one sleep.
    package struct SleepID: Hashable, Sendable { fileprivate let number: Int }

    private struct Sleeper {
        let until: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Contents {
        var now: Instant
        var sleepers: [SleepID: Sleeper] = [:]
        var cancelled: Set<SleepID> = []
        var count = 0
    }

    private let contents: Mutex<Contents>

    /// 2026-10-01T00:00:00Z unless told otherwise.
    package init(now: Instant = Instant(seconds: 1_790_812_800)) { contents = Mutex(Contents(now: now)) }

    package func now() -> Instant { contents.withLock { $0.now } }

    package func sleep(until instant: Instant) async throws {
        try await rest(until: instant, noting: { _ in })
    }

    /// Sleeps until `instant`, or until `wake` is called with the id that `noting` is told.
    package func rest(until instant: Instant, noting: (SleepID) -> Void) async throws {
        let id = contents.withLock { contents in
            contents.count += 1
            return SleepID(number: contents.count)
        }
        noting(id)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                add(Sleeper(until: instant, continuation: continuation), as: id)
            }
        } onCancel: {
            let sleeper = contents.withLock { contents in
                contents.cancelled.insert(id)
                return contents.sleepers.removeValue(forKey: id)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    private func add(_ sleeper: Sleeper, as id: SleepID) {
        let (isOver, isCancelled) = contents.withLock { contents in
            let isCancelled = contents.cancelled.remove(id) != nil
            let isOver = sleeper.until <= contents.now
            if !isOver && !isCancelled { contents.sleepers[id] = sleeper }
            return (isOver, isCancelled)
        }
        if isCancelled {
            sleeper.continuation.resume(throwing: CancellationError())
        } else if isOver {
            sleeper.continuation.resume()
        }
    }

    /// Ends a sleep before its time.
    package func wake(_ id: SleepID) {
        contents.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume()
    }

    package func step(by offset: Duration) { contents.withLock { $0.now = $0.now + offset } }

    // MARK: Passing

    /// When the next sleeper wakes.
    package var nextWake: Instant? { contents.withLock { $0.sleepers.values.map(\.until).min() } }

    package func advance(by duration: Duration) { advance(to: now() + duration) }

    /// Sets the time and wakes those whose time has come; at each wake the clock shows the sleeper's own
    /// time.
    package func advance(to instant: Instant) {
        while let sleeper = nextSleeper(by: instant) { sleeper.continuation.resume() }
        contents.withLock { $0.now = max($0.now, instant) }
    }

    private func nextSleeper(by instant: Instant) -> Sleeper? {
        contents.withLock { contents in
            let first = contents.sleepers.min { left, right in
                (left.value.until, left.key.number) < (right.value.until, right.key.number)
            }
            guard let first, first.value.until <= instant else { return nil }
            contents.sleepers[first.key] = nil
            contents.now = max(contents.now, first.value.until)
            return first.value
        }
    }
}
