// Verifies the audit trail: every chain, what was there before it, and the anchors of closed months.
package import BursarCore
internal import Postgres
internal import Synchronization

/// What a verification went through, and what it found.
package struct AuditVerification: Sendable {
    package fileprivate(set) var chains: Int64 = 0
    package fileprivate(set) var rows: Int64 = 0
    /// Rows from before there were chains.
    package fileprivate(set) var unchained: Int64 = 0
    package internal(set) var anchors: Int64 = 0
    package internal(set) var findings = AuditFindings()
}

extension Ledger {
    /// Verifies one tenant's chain, or everything, in one snapshot and bounded memory. Manifests of closed
    /// months are compared only with everything.
    /// - Throws: what the sealer throws, when the keyring does not open the audit key: then nothing can be
    ///   said of any row.
    package func verifyAudit(of tenant: TenantID?) async throws -> AuditVerification {
        try await pool.transaction { connection in
            try await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
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
            }
            return verification
        }
    }

    private func reportMissingKey(
        _ verification: inout AuditVerification, on connection: PostgresConnection
    ) async throws {
        let row = try await connection.query(
            """
            SELECT count(*) FILTER (WHERE seq IS NULL) AS unchained, count(seq) AS rows,
                (SELECT count(*) FROM bursar.audit_head WHERE seq > 0) AS heads,
                (SELECT count(*) FROM bursar.audit_anchor) AS anchors
            FROM bursar.audit_event
            """)[0]
        let (unchained, rows, heads, anchors) = try row.decode(
            Int64.self, Int64.self, Int64.self, Int64.self)
        verification.unchained = unchained
        verification.rows = rows
        guard rows + heads + anchors > 0 else { return }
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
        let ofTenant: PostgresQuery = "(\(tenant)::uuid IS NULL OR tenant_id = \(tenant))"
        _ = try await connection.rows(
            """
            SELECT coalesce(event.tenant_id, head.tenant_id) AS tenant_id, event_id, at, actor, action,
                subject, detail, event.seq, previous, event.mac, head.seq AS head_seq,
                head.mac AS head_mac
            FROM (SELECT * FROM bursar.audit_event WHERE seq IS NOT NULL AND \(ofTenant)) AS event
            FULL JOIN (SELECT * FROM bursar.audit_head WHERE \(ofTenant)) AS head
                ON head.tenant_id = event.tenant_id
            ORDER BY 1, event.seq
            """, batch: ReportReader.batch
        ) { rows in try walker.take(rows) }
        return try walker.finish()
    }

    // MARK: Before the chains

    /// Rows without a place are those that a chain began with, or nobody's.
    private func compareBeginnings(
        _ tenant: TenantID?, _ verification: inout AuditVerification, on connection: PostgresConnection
    ) async throws {
        let found = Mutex<(unchained: Int64, findings: [AuditFinding])>((0, []))
        let ofTenant: PostgresQuery = "(\(tenant)::uuid IS NULL OR tenant_id = \(tenant))"
        // The digest is that of the migration which began the chains.
        _ = try await connection.rows(
            """
            SELECT tenant_id, coalesce(rows, 0) AS rows, digest,
                coalesce(first.previous, CASE WHEN head.seq = 0 THEN head.mac END) AS beginning,
                coalesce(head.seq, 0) > 0 AND first.previous IS NULL AS is_beheaded
            FROM (
                SELECT tenant_id, count(*) AS rows,
                    sha256(string_agg(sha256(convert_to(jsonb_build_array(
                        tenant_id, event_id, (extract(epoch FROM at) * 1000000)::bigint, actor, action,
                        subject, detail)::text, 'UTF8')), ''::bytea ORDER BY event_id)) AS digest
                FROM bursar.audit_event WHERE seq IS NULL AND \(ofTenant) GROUP BY tenant_id
            ) AS former
            FULL JOIN (
                SELECT tenant_id, previous FROM bursar.audit_event WHERE seq = 1 AND \(ofTenant)
            ) AS first USING (tenant_id)
            LEFT JOIN bursar.audit_head AS head USING (tenant_id)
            WHERE former.digest IS NOT NULL OR first.previous <> \(AuditChain.beginning)
            """, batch: ReportReader.batch
        ) { rows in
            for row in rows {
                let count = try row.decode("rows", as: Int64.self)
                let finding = try Self.beginning(row, count)
                found.withLock { found in
                    found.unchained += count
                    if let finding { found.findings.append(finding) }
                }
            }
        }
        let result = found.withLock { $0 }
        verification.unchained = result.unchained
        for finding in result.findings { verification.findings.add(finding) }
    }

    private static func beginning(_ row: PostgresRow, _ count: Int64) throws -> AuditFinding? {
        let chain = try row.decode("tenant_id", as: TenantID.self)
        // Its first row is missing, which is found already; what it said of the rows before is gone with it.
        if try row.decode("is_beheaded", as: Bool.self) { return nil }
        let beginning = try row.decode("beginning", as: [UInt8]?.self) ?? AuditChain.beginning
        let digest = try row.decode("digest", as: [UInt8]?.self)
        if digest == beginning { return nil }
        guard digest != nil else {
            return AuditFinding(.missing, chain: chain, "the rows from before the chain were deleted")
        }
        let rows = count == 1 ? "1 row stands" : "\(count) rows stand"
        return AuditFinding(
            .unchained, chain: chain,
            beginning == AuditChain.beginning
                ? "\(rows) outside of the chain: put in by hand"
                : "\(rows) outside of the chain, and they are not those that it began with: one was altered, "
                    + "deleted or put in by hand")
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
