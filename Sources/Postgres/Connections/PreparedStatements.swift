// Which statements a session's server holds prepared, and under which names.

/// A name is used again only when the server has dropped all of them: one that was forgotten may still be
/// there.
struct PreparedStatements {
    /// Each takes memory on the server. Beyond this many, statements are sent with their text.
    static let most = 64

    /// The server keeps a statement's plan until it hears of new statistics, however much its tables have
    /// grown since: one that reads a table from end to end, because it was empty, would go on doing so. So
    /// all are prepared anew after some uses, after four times as many, and so on up to this many.
    private static let mostUses = 4_096

    private var names: [String: String] = [:]
    private var made = 0
    private var uses = 0
    private var usesUntilWorn = 16

    /// Its name, to be executed by.
    mutating func use(_ sql: String) -> String? {
        guard let name = names[sql] else { return nil }
        uses += 1
        return name
    }

    /// Whether the plans have served long enough.
    var areWorn: Bool { uses >= usesUntilWorn }

    /// The server holds none any more.
    mutating func renew() {
        names = [:]
        made = 0
        uses = 0
        usesUntilWorn = min(usesUntilWorn * 4, Self.mostUses)
    }

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
