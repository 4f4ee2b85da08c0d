// Where a server stands: which cluster, which timeline, and whether it takes writes.

/// A history of a cluster. Each promotion begins a timeline with a higher number; a copy by dump and restore
/// is another cluster.
package struct ServerTimeline: Hashable, Sendable, CustomStringConvertible {
    /// PostgreSQL's system identifier: made by initdb, shared by a primary and its standbys.
    package let system: String
    package let number: Int

    package init(system: String, number: Int) {
        self.system = system
        self.number = number
    }

    package var description: String { "timeline \(number) of cluster \(system)" }
}

/// What a server says of itself.
package struct ServerPosition: Hashable, Sendable {
    let system: String
    /// Nil while the server is in recovery: a standby.
    let timeline: Int?

    /// What whoever connects has to be allowed to call. Anybody may, unless an administrator took it away.
    package static let functions = [
        "pg_control_system()", "pg_current_wal_lsn()", "pg_walfile_name(pg_lsn)",
    ]

    /// The timeline that is written now. `pg_control_checkpoint()` still names the former one until the first
    /// checkpoint after a promotion.
    static let question: PostgresQuery = """
        SELECT (SELECT system_identifier FROM pg_control_system())::text AS system,
            CASE WHEN NOT pg_is_in_recovery()
                THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS timeline
        """

    init(system: String, timeline: Int?) {
        self.system = system
        self.timeline = timeline
    }

    init(_ rows: [PostgresRow]) throws(PostgresError) {
        guard let row = rows.first else { throw .protocolError("no row about the server") }
        system = try row.decode("system", as: String.self)
        timeline = try row.decode("timeline", as: String?.self).flatMap { Int($0, radix: 16) }
    }
}
