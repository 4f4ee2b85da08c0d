// The database as the rest of the program sees it: all SQL lives in this target.
package import BursarCore
package import Postgres
package import Tracing

/// Values in, rows out of sight. Everything it is asked for either happened or did not: no half changes.
package final class Ledger: Sendable {
    let pool: PostgresPool
    let sealer: any AuditSealer
    /// Is told of each call that serves the gateway once it has ended, and why it failed; the caller only
    /// learns whether the database answered.
    package typealias Observer = @Sendable (LedgerCall, Duration, (any Error)?) -> Void

    private let observe: Observer
    private let tracer: (any Tracer)?

    /// - Parameters:
    ///   - sealer: asked whenever something is written to the audit trail, or verified.
    ///   - tracer: nil when nobody takes spans.
    package init(
        pool: PostgresPool, auditing sealer: any AuditSealer, tracer: (any Tracer)? = nil,
        observe: @escaping Observer
    ) {
        self.pool = pool
        self.sealer = sealer
        self.tracer = tracer
        self.observe = observe
    }

    /// Runs `body` for the gateway, which needs to know no more than whether the database answered.
    func serving<R: Sendable>(
        _ call: LedgerCall, _ body: () async throws -> R
    ) async throws(StoreFailure) -> R {
        let begin = ContinuousClock.now
        do {
            let result = try await traced(call, body)
            observe(call, .now - begin, nil)
            return result
        } catch let error as PostgresError {
            observe(call, .now - begin, error)
            switch error {
            case .server(let server) where !server.sqlState.isConnectionLost: throw .unexpected
            case .decoding, .protocolError, .resultTooLarge, .invalidParameter: throw .unexpected
            case .server, .connectionFailed, .timedOut, .poolExhausted, .closed, .commitUnanswered:
                throw .unavailable
            }
        } catch {
            observe(call, .now - begin, error)
            throw .unavailable
        }
    }

    /// Within a span that names the call, never a statement or a value.
    private func traced<R: Sendable>(
        _ call: LedgerCall, _ body: () async throws -> R
    ) async throws -> R {
        guard let tracer else { return try await body() }
        // Not thrown through the span, which would record the error with all that it says.
        let result: Result<R, any Error> = await tracer.withAnySpan(call.rawValue, ofKind: .client) { span in
            span.attributes["db.system.name"] = "postgresql"
            span.attributes["db.operation.name"] = call.rawValue
            do {
                return .success(try await body())
            } catch {
                span.attributes["error.type"] = "\(type(of: error))"
                span.setStatus(SpanStatus(code: .error))
                return .failure(error)
            }
        }
        return try result.get()
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
