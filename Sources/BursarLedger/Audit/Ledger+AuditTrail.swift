// The audit trail, for people to read.
package import BursarCore
internal import Postgres

/// Which rows of the trail; nil lets all through.
package struct AuditFilter: Sendable {
    package var tenant: TenantID?
    package var since: Instant?
    /// Not included.
    package var until: Instant?
    package var action: String?
    /// The newest so many.
    package var limit: Int?

    package init(
        tenant: TenantID? = nil, since: Instant? = nil, until: Instant? = nil, action: String? = nil,
        limit: Int? = nil
    ) {
        self.tenant = tenant
        self.since = since
        self.until = until
        self.action = action
        self.limit = limit
    }
}

extension Ledger {
    /// Hands the rows over in batches, the newest last. They are as stored: `verifyAudit` says whether they
    /// are what was written.
    package func auditTrail(
        _ filter: AuditFilter, _ each: @Sendable ([AuditRow]) async throws -> Void
    ) async throws {
        try await pool.withConnection { connection in
            _ = try await connection.rows(
                """
                SELECT \(unescaped: AuditRow.columns) FROM (
                    SELECT * FROM bursar.audit_event
                    WHERE (\(filter.tenant)::uuid IS NULL OR tenant_id = \(filter.tenant))
                        AND (\(filter.since)::timestamptz IS NULL OR at >= \(filter.since))
                        AND (\(filter.until)::timestamptz IS NULL OR at < \(filter.until))
                        AND (\(filter.action)::text IS NULL OR action = \(filter.action))
                    ORDER BY at DESC, tenant_id DESC, seq DESC NULLS LAST, event_id DESC
                    LIMIT \(filter.limit.map(Int64.init))
                ) AS newest
                ORDER BY at, tenant_id, seq NULLS FIRST, event_id
                """, batch: ReportReader.batch
            ) { rows in try await each(try rows.map(AuditRow.init(row:))) }
        }
    }
}
