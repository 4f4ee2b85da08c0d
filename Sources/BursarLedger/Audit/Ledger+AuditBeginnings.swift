// What `audit verify` holds against chains' beginnings: rows from before there were chains, and tenants.
internal import BursarCore
internal import Postgres
internal import Synchronization

extension Ledger {
    /// Rows without a place are those that a chain began with, or nobody's. Needs no key: until a chain's
    /// first row is written, its head alone says what there was.
    func compareBeginnings(
        _ tenant: TenantID?, _ verification: inout AuditVerification, on connection: PostgresConnection
    ) async throws {
        let found = Mutex<(unchained: Int64, findings: AuditFindings)>((0, AuditFindings()))
        _ = try await connection.rows(Self.beginnings(of: tenant), batch: ReportReader.batch) { rows in
            for row in rows {
                let count = try row.decode("rows", as: Int64.self)
                let finding = try Self.beginning(row, count)
                found.withLock { found in
                    found.unchained += count
                    if let finding { found.findings.add(finding) }
                }
            }
        }
        let result = found.withLock { $0 }
        verification.unchained = result.unchained
        verification.findings.add(result.findings)
        try await findUnchainedTenants(tenant, &verification, on: connection)
    }

    /// One row for each tenant that has rows without a place, or had some by what its chain, or the head of
    /// a chain without rows, begins with. The digest is that of the migration which began the chains; the
    /// indexes `audit_event_unchained` and `audit_event_begun` answer for the trail.
    static func beginnings(of tenant: TenantID?) -> PostgresQuery {
        let ofTenant = ofTenant(tenant)
        return """
            SELECT coalesce(rows, 0) AS rows, digest, tenant_id, head.seq AS head_seq, head.mac AS head_mac, (
                SELECT previous FROM bursar.audit_event AS first
                WHERE first.tenant_id = coalesce(former.tenant_id, begun.tenant_id) AND first.seq = 1
            ) AS previous
            FROM (
                SELECT tenant_id, count(*) AS rows,
                    sha256(string_agg(sha256(convert_to(jsonb_build_array(
                        tenant_id, event_id, (extract(epoch FROM at) * 1000000)::bigint, actor, action,
                        subject, detail)::text, 'UTF8')), ''::bytea ORDER BY event_id)) AS digest
                FROM bursar.audit_event WHERE seq IS NULL AND \(ofTenant) GROUP BY tenant_id
            ) AS former
            FULL JOIN (
                SELECT tenant_id FROM bursar.audit_event
                WHERE seq = 1 AND previous <> decode(repeat('00', 32), 'hex') AND \(ofTenant)
                UNION SELECT tenant_id FROM bursar.audit_head
                WHERE seq = 0 AND mac <> decode(repeat('00', 32), 'hex') AND \(ofTenant)
            ) AS begun USING (tenant_id)
            LEFT JOIN bursar.audit_head AS head USING (tenant_id)
            """
    }

    private static func beginning(_ row: PostgresRow, _ count: Int64) throws -> AuditFinding? {
        let chain = try row.decode("tenant_id", as: TenantID.self)
        let head = try AuditHead(head: row)
        var beginning = try row.decode("previous", as: [UInt8]?.self)
        if beginning == nil, let head {
            // Its first row is missing, which is found already, and what it said of the rows before is gone.
            guard head.sequence == 0 else { return nil }
            beginning = head.mac
        }
        let digest = try row.decode("digest", as: [UInt8]?.self)
        if digest == beginning ?? AuditChain.beginning { return nil }
        guard digest != nil else {
            return AuditFinding(.missing, chain: chain, "the rows from before the chain were deleted")
        }
        let rows = count == 1 ? "1 row stands" : "\(count) rows stand"
        return AuditFinding(
            .unchained, chain: chain,
            beginning ?? AuditChain.beginning == AuditChain.beginning
                ? "\(rows) outside of the chain: put in by hand"
                : "\(rows) outside of the chain, and they are not those that it began with: one was altered, "
                    + "deleted or put in by hand")
    }

    /// Whoever adds a tenant records it, and the trail of those from before the chains has a head.
    private func findUnchainedTenants(
        _ tenant: TenantID?, _ verification: inout AuditVerification, on connection: PostgresConnection
    ) async throws {
        let found = Mutex(AuditFindings())
        _ = try await connection.rows(
            """
            SELECT tenant_id FROM bursar.tenant
            WHERE \(Self.ofTenant(tenant))
                AND NOT EXISTS (
                    SELECT FROM bursar.audit_head AS head WHERE head.tenant_id = tenant.tenant_id)
                AND NOT EXISTS (
                    SELECT FROM bursar.audit_event AS event WHERE event.tenant_id = tenant.tenant_id)
            ORDER BY tenant_id
            """, batch: ReportReader.batch
        ) { rows in
            for row in rows {
                let finding = AuditFinding(
                    .headMismatch, chain: try row.decode("tenant_id", as: TenantID.self),
                    "the tenant has no chain: all of it was deleted, or the tenant was put in by hand")
                found.withLock { $0.add(finding) }
            }
        }
        verification.findings.add(found.withLock { $0 })
    }
}
