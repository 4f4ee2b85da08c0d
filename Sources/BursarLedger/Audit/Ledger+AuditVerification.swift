// What the last verification of the whole trail found, for those who watch.
package import BursarCore
internal import Postgres

/// No proof of anything: whoever may write the database may write it.
package struct LastAuditVerification: Hashable, Sendable {
    package let at: Instant
    package let findings: Int64
}

extension Ledger {
    /// - Parameter verification: of everything, not of one tenant.
    package func note(_ verification: AuditVerification) async throws {
        try await pool.execute(
            """
            INSERT INTO bursar.audit_verification AS last (verified_at, findings)
            VALUES (now(), \(Int64(verification.findings.count)))
            ON CONFLICT (only_row) DO UPDATE SET verified_at = now(), findings = excluded.findings
            """)
    }

    /// Nil until everything was verified for the first time.
    package func lastAuditVerification() async throws(StoreFailure) -> LastAuditVerification? {
        try await serving(.auditVerification) {
            try await self.pool.query("SELECT verified_at, findings FROM bursar.audit_verification").first
                .map {
                    LastAuditVerification(
                        at: try $0.decode("verified_at"), findings: try $0.decode("findings"))
                }
        }
    }
}
