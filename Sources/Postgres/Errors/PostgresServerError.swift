// What the server says when it refuses a statement, less everything that may quote a row.

/// The server's refusal of a statement: its code and the names of what it is about.
///
/// MESSAGE can quote a parameter and DETAIL quotes rows, so neither is kept; `message` is filled for
/// `PostgresConnection.script` alone, whose SQL is our own.
package struct PostgresServerError: Sendable, Hashable {
    /// The five-character code to branch on.
    package let sqlState: SQLState
    /// "ERROR", "FATAL" or "PANIC", not localised.
    package let severity: String
    /// The violated constraint, when there is one.
    package let constraint: String?
    /// The table it is about, without its schema, when there is one.
    package let table: String?
    /// The primary message; for scripts only.
    package let message: String?
    /// Where in the statement's text, counted in characters from 1, when the server says so.
    package let position: Int?

    package init(
        sqlState: SQLState, severity: String = "ERROR", constraint: String? = nil, table: String? = nil,
        message: String? = nil, position: Int? = nil
    ) {
        self.sqlState = sqlState
        self.severity = severity
        self.constraint = constraint
        self.table = table
        self.message = message
        self.position = position
    }

    /// Whether it is the last that the server says on the connection.
    var endsSession: Bool { severity == "FATAL" || severity == "PANIC" }
}

extension PostgresServerError: CustomStringConvertible {
    package var description: String {
        var text = "PostgreSQL \(severity) \(sqlState)"
        if let table { text += ", table \(table)" }
        if let constraint { text += ", constraint \(constraint)" }
        if let position { text += ", at character \(position)" }
        if let message { text += ": \(message)" }
        return text
    }
}
