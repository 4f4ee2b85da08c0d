// The merchants' statements behind scoped tokens.
package import BursarCore
internal import Postgres

extension Ledger: StatementStore {
    package func record(_ statement: ScopedStatement) async throws(StoreFailure) {
        var detail = statement.memberHashes.mapValues { hexText($0) }
        detail["subject"] = hexText(statement.subjectHash)
        detail["provider"] = statement.provider.text
        detail["environment"] = statement.environment.rawValue
        let entry = AuditEntry(
            tenant: statement.tenant, action: .scopedTokenStated, subject: statement.client.text,
            detail: detail, event: statement.id)
        try await serving(.statement) {
            try await pool.transaction { connection in
                try await self.record([entry], by: Actor("client"), on: connection)
            }
        }
    }
}
