// Which statements a session's server holds prepared, and under which names.

/// Names are never used twice: one that was forgotten may still be there.
struct PreparedStatements {
    /// Each takes memory on the server. Beyond this many, statements are sent with their text.
    static let most = 64

    private var names: [String: String] = [:]
    private var made = 0

    func name(of sql: String) -> String? { names[sql] }

    /// Nil when there are enough.
    mutating func newName() -> String? {
        guard made < Self.most else { return nil }
        made += 1
        return "bursar_\(made)"
    }

    mutating func add(_ sql: String, as name: String) { names[sql] = name }

    mutating func forget(_ sql: String) { names[sql] = nil }
}

extension PostgresError {
    /// The server has it no longer (26000), or what it answers has changed its type since (0A000): somebody
    /// has discarded it, or a migration ran meanwhile.
    var meansOutdatedStatement: Bool {
        guard case .server(let error) = self else { return false }
        return [.featureNotSupported, .invalidStatementName].contains(error.sqlState)
    }
}
