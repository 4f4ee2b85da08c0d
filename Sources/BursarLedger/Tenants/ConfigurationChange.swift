// One change of the configuration: all of it, its audit lines and its version in one transaction.
internal import BursarCore
internal import Postgres

/// Who changes something, as the audit trail names them.
package struct Actor: Hashable, Sendable {
    package let name: String
    package init(_ name: String) { self.name = name }
}

/// Gathers what a change touches while it is made.
struct ConfigurationChange: Sendable {
    let connection: PostgresConnection
    private(set) var touched: [(kind: String, subject: String)] = []
    private(set) var entries: [AuditEntry] = []

    init(connection: PostgresConnection) { self.connection = connection }

    mutating func touch(_ tenant: TenantID) { touched.append(("tenant", tenant.description)) }
    mutating func touch(_ client: ClientID) { touched.append(("client", client.text)) }
    mutating func touch(_ credential: CredentialID) { touched.append(("credential", credential.description)) }
    mutating func touch(_ owner: OwnerID) { touched.append(("keys", owner.description)) }
    /// The peppers.
    mutating func touchKeys() { touched.append(("keys", "")) }
    mutating func audit(_ entry: AuditEntry) { entries.append(entry) }
}

extension Ledger {
    /// Runs one administrative change. The version is taken last, so that its row is locked for a moment only
    /// and versions become visible in their order. A serialization failure or a deadlock is tried again from
    /// the start.
    func change<R: Sendable>(
        by actor: Actor, _ body: @Sendable (inout ConfigurationChange) async throws -> R
    ) async throws -> R {
        try await retrying { connection in
            var change = ConfigurationChange(connection: connection)
            let result = try await body(&change)
            try await self.seal(change, by: actor)
            return result
        }
    }

    /// A transaction, begun anew up to four times when it met another one.
    func retrying<R: Sendable>(_ body: (PostgresConnection) async throws -> R) async throws -> R {
        for attempt in 1... {
            do {
                return try await pool.transaction(body)
            } catch let error as PostgresError where error.isRetryable && attempt < 5 {
                continue
            }
        }
        preconditionFailure("the loop above has no end")
    }

    private func seal(_ change: ConfigurationChange, by actor: Actor) async throws {
        let connection = change.connection
        try await record(change.entries, by: actor, on: connection)
        guard !change.touched.isEmpty else { return }
        try await connection.execute(
            """
            WITH next AS (
                UPDATE bursar.config_version SET version = version + 1 RETURNING version
            ), noted AS (
                INSERT INTO bursar.config_change (version, kind, subject)
                SELECT DISTINCT next.version, changed.kind, changed.subject
                FROM next, unnest(\(change.touched.map(\.kind)), \(change.touched.map(\.subject)))
                    AS changed (kind, subject)
            )
            SELECT pg_notify(\(LedgerNotices.channel), version::text) FROM next
            """)
        // Replicas poll every few seconds; one that is a day behind reads everything.
        try await connection.execute("DELETE FROM bursar.config_change WHERE at < now() - interval '1 day'")
    }

    /// A new id for rows made by commands: by this machine's clock, which is good enough to sort by.
    static func newID() -> UUIDValue {
        var generator = SystemRandomNumberGenerator()
        return .version7(at: wallClock(), random: (generator.next(), generator.next()))
    }
}
