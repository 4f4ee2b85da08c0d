// How work gets onto a connection's thread, and what others may know of the connection.
import Synchronization

/// Jobs for one connection's thread, and the state it publishes after each.
///
/// open → closing: somebody asked for the end, or the connection broke; jobs are refused from here on.
/// closing → ended: the thread has closed the connection and touches nothing any more.
final class Mailbox: Sendable {
    /// Runs on the connection's thread; nil when the connection ended before the job's turn.
    typealias Job = @Sendable (Session?) -> Void

    private struct State {
        var jobs: [Job] = []
        var isClosing = false
        var hasEnded = false
        /// Whether the last job left the session idle, unspoiled and outside a transaction.
        var isReusable = true
        /// Why the connection broke.
        var loss: PostgresError?
        var onEnd: [@Sendable () -> Void] = []
    }

    /// Statements that may wait for one connection. One caller uses it at a time, so few ever do.
    private static let limit = 64
    private let state = Mutex(State())
    /// Signalled when there is news.
    let wakeUp = WakeUp()

    /// Whether the connection may be lent again: healthy, idle, nothing waiting.
    var isReusable: Bool {
        state.withLock { $0.isReusable && !$0.isClosing && $0.jobs.isEmpty }
    }

    /// Whether anything can still be sent.
    var isOpen: Bool { state.withLock { !$0.isClosing } }

    /// What is said to whoever comes too late.
    var loss: PostgresError { state.withLock { $0.loss ?? .closed } }

    /// Queues a job; false when there are too many. After the end it runs at once, with nil.
    func post(_ job: @escaping Job) -> Bool {
        enum Outcome { case queued, refused, ended }
        let outcome: Outcome = state.withLock { state in
            if state.isClosing { return .ended }
            guard state.jobs.count < Self.limit else { return .refused }
            state.jobs.append(job)
            return .queued
        }
        switch outcome {
        case .queued: wakeUp.signal()
        case .refused: return false
        case .ended: job(nil)
        }
        return true
    }

    /// Asks for the end. What was queued before still runs.
    func close() {
        state.withLock { $0.isClosing = true }
        wakeUp.signal()
    }

    /// Runs once, in any thread, when the connection has ended; at once if it has already.
    func whenEnded(_ callback: @escaping @Sendable () -> Void) {
        let hasEnded = state.withLock { state in
            if !state.hasEnded { state.onEnd.append(callback) }
            return state.hasEnded
        }
        if hasEnded { callback() }
    }

    /// The thread's next job and whether the end was asked for; clears the wake-up.
    func next() -> (job: Job?, isClosing: Bool) {
        wakeUp.clear()
        return state.withLock { state in
            (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isClosing)
        }
    }

    /// Tells the world how the thread's last job left the session. Called before its caller resumes.
    /// - Parameter loss: why the connection broke; nil while it stands.
    func publish(isReusable: Bool, loss: PostgresError?) {
        state.withLock { state in
            state.isReusable = isReusable
            guard let loss else { return }
            state.isClosing = true
            // That an answer was too large, say, is no news of the statements after it.
            if loss.isConnectionLost { state.loss = loss }
        }
    }

    /// The thread's last word: whoever still waits learns that the connection is closed.
    func end() {
        let (jobs, callbacks) = state.withLock { state in
            defer {
                state.isClosing = true
                state.hasEnded = true
                state.jobs = []
                state.onEnd = []
            }
            return (state.jobs, state.onEnd)
        }
        for job in jobs { job(nil) }
        for callback in callbacks { callback() }
    }
}
