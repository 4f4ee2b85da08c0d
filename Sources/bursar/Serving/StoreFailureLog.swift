// One line for a database that is away, not one for each caller who notices.
import BursarLedger
import Logging
import Postgres
import Synchronization

/// Logs a failure when its text changes, and then every 30 s at most.
final class StoreFailureLog: Sendable {
    private struct Last {
        var text = ""
        var at: ContinuousClock.Instant?
    }

    private let last = Mutex(Last())
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    func report(_ call: LedgerCall, _ error: any Error) {
        let text = (error as? PostgresError).map(Failure.advice(on:)) ?? "\(error)"
        let isDue = last.withLock { last in
            let now = ContinuousClock().now
            if last.text == text, let at = last.at, now - at < .seconds(30) { return false }
            last = Last(text: text, at: now)
            return true
        }
        guard isDue else { return }
        logger.error("the database failed", metadata: ["during": "\(call.work)", "error": "\(text)"])
    }
}
