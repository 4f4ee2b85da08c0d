// Verifies the audit trail: every chain, what was there before it, and the anchors of closed months.
package import BursarCore
internal import Postgres
internal import Synchronization

/// What a verification went through, and what it found.
package struct AuditVerification: Sendable {
    package fileprivate(set) var chains: Int64 = 0
    package fileprivate(set) var rows: Int64 = 0
    /// Rows from before there were chains.
    package internal(set) var unchained: Int64 = 0
    package internal(set) var anchors: Int64 = 0
    package internal(set) var findings = AuditFindings()
}

extension Ledger {
    /// Verifies one tenant's chain, or everything, in one snapshot and bounded memory. Manifests of closed
    /// months are compared only with everything.
    /// - Throws: what the sealer throws, when the keyring does not open the audit key: then nothing can be
    ///   said of any row. `LedgerError.notFound` when nothing is known of the tenant.
    package func verifyAudit(of tenant: TenantID?) async throws -> AuditVerification {
        try await pool.transaction { connection in
            try await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            try await self.readInOrder(on: connection)
            if let tenant { try await self.checkThereIs(tenant, on: connection) }
            var verification = AuditVerification()
            if let key = try await self.auditKey(on: connection) {
                _ = try self.sealer.auditMAC(of: [], chain: AuditChain.platform, under: key)
                let walk = try await self.walk(tenant, under: key, on: connection)
                verification.chains = walk.chains
                verification.rows = walk.rows
                verification.findings = walk.findings
                try await self.compareBeginnings(tenant, &verification, on: connection)
                try await self.compareAnchors(tenant, walk.manifests, &verification, on: connection)
            } else {
                try await self.reportMissingKey(&verification, on: connection)
                try await self.compareBeginnings(tenant, &verification, on: connection)
            }
            return verification
        }
    }

    /// Rows come from indexes, at once and one by one: sorted, none would come before all of a trail of
    /// millions was read.
    func readInOrder(on connection: PostgresConnection) async throws {
        try await connection.execute(
            """
            SELECT set_config(name, 'off', true)
            FROM unnest(ARRAY['enable_sort', 'enable_incremental_sort']) AS name
            """)
    }

    static func ofTenant(_ tenant: TenantID?) -> PostgresQuery {
        "(\(tenant)::uuid IS NULL OR tenant_id = \(tenant))"
    }

    private func checkThereIs(_ tenant: TenantID, on connection: PostgresConnection) async throws {
        let tables: [PostgresQuery] = ["tenant", "audit_head", "audit_event", "audit_anchor"].map { name in
            "SELECT tenant_id FROM bursar.\(unescaped: name) WHERE tenant_id = \(tenant)"
        }
        for table in tables where try await !connection.query("\(table) LIMIT 1").isEmpty { return }
        throw LedgerError.notFound("there is no tenant \(tenant), and no trail of one that there was")
    }

    private func reportMissingKey(
        _ verification: inout AuditVerification, on connection: PostgresConnection
    ) async throws {
        let isUsed = try await connection.query(
            """
            SELECT EXISTS (SELECT FROM bursar.audit_head WHERE seq > 0)
                OR EXISTS (SELECT FROM bursar.audit_anchor)
                OR EXISTS (SELECT FROM bursar.audit_event WHERE seq IS NOT NULL) AS is_used
            """)[0].decode("is_used", as: Bool.self)
        guard isUsed else { return }
        verification.findings.add(
            AuditFinding(
                .keyMissing, chain: nil,
                "bursar.audit_key is empty: nothing can be verified; bring its row back from a backup"))
    }

    // MARK: Chains

    private func walk(
        _ tenant: TenantID?, under key: WrappedDataKey, on connection: PostgresConnection
    ) async throws -> AuditWalk {
        let walker = AuditWalker(
            AuditWalk { [sealer] row in
                try row.canonicalBytes.map { try sealer.auditMAC(of: $0, chain: row.chain, under: key) }
            })
        for query in [Self.chains(of: tenant), Self.headsWithoutRows(of: tenant)] {
            _ = try await connection.rows(query, batch: ReportReader.batch) { try walker.take($0) }
        }
        return try walker.finish()
    }

    /// Every row that has a place, with its chain's head.
    static func chains(of tenant: TenantID?) -> PostgresQuery {
        """
        SELECT tenant_id, event_id, at, actor, action, subject, detail, event.seq, previous, event.mac,
            head.seq AS head_seq, head.mac AS head_mac
        FROM bursar.audit_event AS event LEFT JOIN bursar.audit_head AS head USING (tenant_id)
        WHERE event.seq IS NOT NULL AND \(ofTenant(tenant))
        ORDER BY event.tenant_id, event.seq
        """
    }

    /// Heads whose chain is to begin, or gone.
    static func headsWithoutRows(of tenant: TenantID?) -> PostgresQuery {
        """
        SELECT tenant_id, NULL::uuid AS event_id, seq AS head_seq, mac AS head_mac
        FROM bursar.audit_head AS head
        WHERE \(ofTenant(tenant)) AND NOT EXISTS (
            SELECT FROM bursar.audit_event AS event
            WHERE event.tenant_id = head.tenant_id AND event.seq IS NOT NULL)
        ORDER BY tenant_id
        """
    }
}

/// A walk that batches of rows are handed to.
private final class AuditWalker: Sendable {
    private struct State {
        var walk: AuditWalk
        var chain: TenantID?
    }

    private let state: Mutex<State>

    init(_ walk: AuditWalk) { state = Mutex(State(walk: walk)) }

    func take(_ rows: [PostgresRow]) throws {
        try state.withLock { state in
            for row in rows {
                let chain = try row.decode("tenant_id", as: TenantID.self)
                if chain != state.chain {
                    try state.walk.begin(chain, head: try AuditHead(head: row))
                    state.chain = chain
                }
                // A head without rows.
                guard try row.decode("event_id", as: UUIDValue?.self) != nil else { continue }
                try state.walk.take(try AuditRow(row: row))
            }
        }
    }

    func finish() throws -> AuditWalk {
        try state.withLock { state in
            try state.walk.finish()
            return state.walk
        }
    }
}
