// Everything that can go wrong between us and PostgreSQL, in one closed enum.

/// Why a call to PostgreSQL failed.
///
/// `description` is fit for a log: it never holds a bound value, a row's value, a password or the
/// connection string. The server's MESSAGE is there only for `script`, which carries no data; its DETAIL
/// never is.
package enum PostgresError: Error, Sendable, Equatable {
    /// No connection could be made; nothing was sent.
    case connectionFailed(PostgresConnectionFailure)
    /// Our own deadline passed. For a statement its outcome is unknown and the connection is gone; who asks
    /// for another on it is told the same.
    case timedOut(PostgresActivity)
    /// Every connection is lent, and there was no place, or not enough time, to wait for one.
    case poolExhausted(PostgresExhaustion)
    /// The server refused the statement.
    case server(PostgresServerError)
    /// The reply does not fit the call (a COPY where rows were asked for, a busy connection); says which.
    case protocolError(String)
    /// The reply holds more bytes than a query may answer.
    case resultTooLarge(limitBytes: Int)
    /// A parameter or the statement's text cannot be sent: a NUL byte, or too much of it.
    case invalidParameter(String)
    /// The connection or the pool is closed, or was lost without a word of the server's. A statement under
    /// way may have taken effect.
    case closed
    /// COMMIT was not answered: whether the transaction took place cannot be known from here.
    case commitUnanswered
    /// A column does not hold what the caller expects.
    case decoding(PostgresDecodingFailure)
}

/// What was under way when a deadline passed.
package enum PostgresActivity: String, Sendable {
    case connecting, statement
}

/// Which limit of the pool was met.
package enum PostgresExhaustion: String, Sendable {
    /// `PostgresPoolConfiguration.waitingLimit` callers wait already.
    case waitingLimit
    /// The caller waited for `PostgresPoolConfiguration.waitingTimeout`.
    case waitingTimeout
}

/// A column that does not hold what the caller expects; names and types only, never the value.
package struct PostgresDecodingFailure: Sendable, Hashable {
    /// The column's name, or "" when the row as a whole does not fit.
    package let column: String
    /// What the caller asked for.
    package let expected: String
    /// What was there: the column's type, "NULL", or what is wrong with its bytes.
    package let found: String

    /// For whoever reads a cell into a type of its own; `found` must not quote the value.
    package init(column: String, expected: String, found: String) {
        self.column = column
        self.expected = expected
        self.found = found
    }
}

extension PostgresError {
    /// The server's SQLSTATE; nil when the server did not answer.
    package var sqlState: SQLState? {
        guard case .server(let error) = self else { return nil }
        return error.sqlState
    }

    /// The name of the violated constraint, when the server named one.
    package var constraint: String? {
        guard case .server(let error) = self else { return nil }
        return error.constraint
    }

    /// Whether running the whole transaction again may succeed (serialization failure or deadlock).
    package var isRetryable: Bool { sqlState?.isRetryable ?? false }

    /// Whether the connection is gone or useless; the same statement on another one may succeed.
    package var isConnectionLost: Bool {
        switch self {
        case .connectionFailed, .timedOut, .closed, .commitUnanswered: true
        case .server(let error): error.sqlState.isConnectionLost || error.sqlState == .readOnlyTransaction
        case .poolExhausted, .protocolError, .resultTooLarge, .invalidParameter, .decoding: false
        }
    }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .connectionFailed(let failure): "\(failure)"
        case .timedOut(.connecting): "no connection to PostgreSQL in time"
        case .timedOut(.statement): "no answer from PostgreSQL in time; the connection was dropped"
        case .poolExhausted(.waitingLimit): "too many callers wait for a PostgreSQL connection"
        case .poolExhausted(.waitingTimeout): "no PostgreSQL connection became free in time"
        case .server(let error): "\(error)"
        case .protocolError(let what): "unexpected PostgreSQL reply: \(what)"
        case .resultTooLarge(let limit): "PostgreSQL's reply is larger than \(limit) bytes"
        case .invalidParameter(let what): "statement not sent: \(what)"
        case .closed: "the PostgreSQL connection is closed"
        case .commitUnanswered: "no answer to COMMIT: whether the transaction took place is not known"
        case .decoding(let failure):
            "column \"\(failure.column)\": expected \(failure.expected), found \(failure.found)"
        }
    }
}
