// Many who sleep, and one timer for all of them.
internal import HeapModule
internal import Synchronization

/// Wakes whoever sleeps when their time has come.
///
/// A cancelled `Task.sleep` leaves its timer behind, which fires for nobody later. Nearly all sleeps of a
/// gateway are deadlines that are not reached: each request to a provider had two of them fire after its end.
final class TimerQueue: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Timer: Comparable {
        let at: Instant
        let id: Int

        static func < (left: Timer, right: Timer) -> Bool { left.at < right.at }
    }

    private struct State {
        /// These also hold those who were cancelled; they are passed over.
        var timers = Heap<Timer>()
        var sleepers: [Int: CheckedContinuation<Void, any Error>] = [:]
        var ids = 0
        /// When the task wakes that keeps time; nil while there is none. One that was to wake later ends
        /// then.
        var wakesAt: Instant?

        mutating func forgetThoseWhoLeft() {
            guard timers.count > 2 * sleepers.count + 64 else { return }
            timers = Heap(timers.unordered.filter { sleepers[$0.id] != nil })
        }
    }

    private let state = Mutex(State())

    /// How many timers are kept, those of cancelled sleeps included: at most twice as many as sleep, and 64.
    var count: Int { state.withLock { $0.timers.count } }

    /// Returns at `instant` or later, or throws `CancellationError` as soon as the task is cancelled.
    func wait(until instant: Instant) async throws {
        let id = state.withLock { state in
            state.ids += 1
            return state.ids
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { begin(Timer(at: instant, id: id), $0) }
        } onCancel: {
            cancel(id)
        }
    }

    private func begin(_ timer: Timer, _ sleeper: CheckedContinuation<Void, any Error>) {
        let (isCancelled, isFirst) = state.withLock { state in
            // Whoever is cancelled later is found by `cancel`.
            guard !Task.isCancelled else { return (true, false) }
            state.timers.insert(timer)
            state.sleepers[timer.id] = sleeper
            let isFirst = state.wakesAt.map { timer.at < $0 } ?? true
            if isFirst { state.wakesAt = timer.at }
            return (false, isFirst)
        }
        if isCancelled { sleeper.resume(throwing: CancellationError()) }
        if isFirst { keepTime(until: timer.at) }
    }

    private func cancel(_ id: Int) {
        let sleeper = state.withLock { state in
            let sleeper = state.sleepers.removeValue(forKey: id)
            state.forgetThoseWhoLeft()
            return sleeper
        }
        sleeper?.resume(throwing: CancellationError())
    }

    private func keepTime(until first: Instant) {
        // Detached: it outlives the sleeper that it was started for.
        Task.detached { [weak self] in
            var next: Instant? = first
            while let instant = next {
                try? await Task.sleep(until: instant, clock: .continuous)
                next = self?.wake(at: instant)
            }
        }
    }

    /// Answers when whoever calls at `instant` has to come again; nil when somebody else does, or nobody.
    private func wake(at instant: Instant) -> Instant? {
        let (due, next) = state.withLock { state in
            let now = Instant.now
            var due: [CheckedContinuation<Void, any Error>] = []
            while let timer = state.timers.min, timer.at <= now || state.sleepers[timer.id] == nil {
                state.timers.removeMin()
                if let sleeper = state.sleepers.removeValue(forKey: timer.id) { due.append(sleeper) }
            }
            guard state.wakesAt == instant else { return (due, nil as Instant?) }
            state.wakesAt = state.timers.min?.at
            return (due, state.wakesAt)
        }
        for sleeper in due { sleeper.resume() }
        return next
    }
}
