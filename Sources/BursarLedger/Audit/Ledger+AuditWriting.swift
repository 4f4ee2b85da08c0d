// Adds rows to the chains of the audit trail.
internal import BursarCore
internal import Postgres

extension Ledger {
    /// Adds a row for each entry to its tenant's chain, in the transaction of what they tell. Comes after
    /// everything else that locks rows, but for the version of the configuration: chains are locked in their
    /// order, so that changes of several tenants wait for one another in a row and not in a circle.
    func record(
        _ entries: [AuditEntry], by actor: Actor, on connection: PostgresConnection
    ) async throws {
        guard !entries.isEmpty else { return }
        var (ends, key) = try await lockChains(of: entries, on: connection)
        let opened = if let key { key } else { try await makeAuditKey(on: connection) }
        for start in stride(from: 0, to: entries.count, by: Self.rowsInAStatement) {
            let some = entries[start..<min(start + Self.rowsInAStatement, entries.count)]
            let rows = try some.map { entry in
                guard let end = ends[entry.chain] else {
                    throw LedgerError.refused("the chain of \(entry.chain) cannot be locked")
                }
                let row = try self.row(entry, by: actor, after: end, under: opened)
                ends[entry.chain] = ChainEnd(sequence: end.sequence + 1, mac: row.mac, at: end.at)
                return row
            }
            try await insert(rows, on: connection)
        }
    }

    /// An import may bring 100,000 tenants: neither one statement for all, nor a long silence before it.
    private static let rowsInAStatement = 1_000

    /// Where the next row goes, and the time it bears.
    private struct ChainEnd {
        let sequence: Int64
        let mac: [UInt8]
        let at: Instant
    }

    /// Locks the chains' heads until the transaction ends, and reads the audit key along with them. The time
    /// is that of the lock, so that it grows along each chain. A program that freezes from here on loses its
    /// connection, and with it the locks.
    private func lockChains(
        of entries: [AuditEntry], on connection: PostgresConnection
    ) async throws -> (ends: [TenantID: ChainEnd], key: WrappedDataKey?) {
        let chains = Set(entries.map(\.chain)).sorted().map(\.column)
        let rows = try await connection.query(
            """
            WITH locked AS (
                INSERT INTO bursar.audit_head AS head (tenant_id, seq, mac)
                SELECT tenant_id, 0, \(AuditChain.beginning) FROM unnest(\(chains)) AS chain (tenant_id)
                ORDER BY tenant_id
                ON CONFLICT (tenant_id) DO UPDATE SET seq = head.seq
                RETURNING tenant_id, seq, mac, clock_timestamp() AS at
            )
            SELECT tenant_id, seq, mac, at, version, kek_id, wrapped
            FROM locked LEFT JOIN bursar.audit_key ON true
            CROSS JOIN set_config('idle_in_transaction_session_timeout', '30s', true)
            """)
        var ends: [TenantID: ChainEnd] = [:]
        for row in rows {
            ends[try row.decode("tenant_id")] = ChainEnd(
                sequence: try row.decode("seq"), mac: try row.decode("mac"), at: try row.decode("at"))
        }
        guard let row = rows.first, try row.decode("version", as: Int32?.self) != nil else {
            return (ends, nil)
        }
        return (ends, try WrappedDataKey(row: row, owner: AuditChain.keyOwner))
    }

    private func row(
        _ entry: AuditEntry, by actor: Actor, after end: ChainEnd, under key: WrappedDataKey
    ) throws -> AuditRow {
        var row = AuditRow(
            chain: entry.chain, event: entry.event, at: end.at, actor: actor.name,
            action: entry.action.rawValue, subject: entry.subject, detail: entry.detail,
            sequence: end.sequence + 1, previous: end.mac)
        row.mac = try sealer.auditMAC(of: row.canonicalBytes ?? [], chain: row.chain, under: key)
        return row
    }

    private func insert(_ rows: [AuditRow], on connection: PostgresConnection) async throws {
        let lasts = Dictionary(rows.map { ($0.chain, $0) }, uniquingKeysWith: { $1 }).values
        try await connection.execute(
            """
            WITH written AS (
                INSERT INTO bursar.audit_event (\(unescaped: AuditRow.columns))
                SELECT * FROM unnest(
                    \(rows.map(\.chain.column)), \(rows.map { PostgresUUID($0.event) }),
                    \(rows.map { PostgresTimestamp(microseconds: $0.at.microseconds) }),
                    \(rows.map(\.actor)), \(rows.map(\.action)), \(rows.map(\.subject)),
                    \(try rows.map { try $0.detailJSON() }), \(rows.map { $0.sequence ?? 0 }),
                    \(rows.map(\.previous)), \(rows.map(\.mac)))
            )
            UPDATE bursar.audit_head AS head SET seq = last.seq, mac = last.mac
            FROM unnest(
                \(lasts.map(\.chain.column)), \(lasts.map { $0.sequence ?? 0 }), \(lasts.map(\.mac))
            ) AS last (tenant_id, seq, mac)
            WHERE head.tenant_id = last.tenant_id
            """)
    }

    // MARK: The audit key

    func auditKey(on connection: PostgresConnection) async throws -> WrappedDataKey? {
        try await connection.query("SELECT version, kek_id, wrapped FROM bursar.audit_key").first
            .map { try WrappedDataKey(row: $0, owner: AuditChain.keyOwner) }
    }

    /// By whoever writes the first row of all. Never once there are rows: they would look altered.
    private func makeAuditKey(on connection: PostgresConnection) async throws -> WrappedDataKey {
        // No rotation or retirement of keys until it is stored.
        let policy = try await connection.query("SELECT sealing_kek FROM bursar.key_policy FOR SHARE")
        let key = try sealer.makeAuditKey(
            under: try policy.first.flatMap { try $0.decode("sealing_kek", as: String?.self) })
        try await connection.execute(
            """
            INSERT INTO bursar.audit_key (version, kek_id, wrapped)
            SELECT \(key.version)::int, \(key.keyID), \(key.wrapped)
            WHERE NOT EXISTS (SELECT FROM bursar.audit_head WHERE seq > 0)
            ON CONFLICT DO NOTHING
            """)
        // Somebody else's, where two came at once.
        guard let stored = try await auditKey(on: connection) else {
            throw LedgerError.refused(
                "bursar.audit_key is empty though the audit trail has rows under it: nothing can be "
                    + "recorded, so nothing is changed; bring its row back from a backup")
        }
        return stored
    }

    /// So that what takes long fails at its beginning when the keyring does not open the audit key.
    func checkAuditKey(on connection: PostgresConnection) async throws {
        let stored = try await auditKey(on: connection)
        let key = if let stored { stored } else { try await makeAuditKey(on: connection) }
        _ = try sealer.auditMAC(of: [], chain: AuditChain.platform, under: key)
    }
}
