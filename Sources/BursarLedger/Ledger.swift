// The database as the rest of the program sees it: all SQL lives in this target.
internal import BursarCore
package import Postgres

/// Values in, rows out of sight. Everything it is asked for either happened or did not: no half changes.
package final class Ledger: Sendable {
    let pool: PostgresPool
    private let report: @Sendable (String, any Error) -> Void

    /// `report` is told once of each failure that callers only see as `StoreFailure`.
    package init(pool: PostgresPool, report: @escaping @Sendable (String, any Error) -> Void) {
        self.pool = pool
        self.report = report
    }

    /// Runs `body` for the gateway, which needs to know no more than whether the database answered.
    func serving<R: Sendable>(
        _ work: String, _ body: () async throws -> R
    ) async throws(StoreFailure) -> R {
        do {
            return try await body()
        } catch let error as PostgresError {
            report(work, error)
            switch error {
            case .server(let server) where !server.sqlState.isConnectionLost: throw .unexpected
            case .decoding, .protocolError, .resultTooLarge, .invalidParameter: throw .unexpected
            case .server, .connectionFailed, .timedOut, .poolExhausted, .closed: throw .unavailable
            }
        } catch {
            report(work, error)
            throw .unavailable
        }
    }
}

/// Why an administrative command did not do what it was asked. The text is for the person who typed it.
package enum LedgerError: Error, Hashable, Sendable, CustomStringConvertible {
    case notFound(String)
    /// A rule forbids it; nothing was changed.
    case refused(String)

    package var description: String {
        switch self {
        case .notFound(let text), .refused(let text): text
        }
    }
}
