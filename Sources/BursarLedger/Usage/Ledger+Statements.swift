// The merchants' statements behind scoped tokens.
package import BursarCore
internal import Postgres

extension Ledger: StatementStore {
    package func record(_ statement: ScopedStatement) async throws(StoreFailure) {
        try await serving(.statement) {
            var detail = statement.memberHashes.mapValues { hexText($0) }
            detail["subject"] = hexText(statement.subjectHash)
            detail["provider"] = statement.provider.text
            detail["environment"] = statement.environment.rawValue
            try await AuditEntry(
                tenant: statement.tenant, action: .scopedTokenStated, subject: statement.client.text,
                detail: detail
            ).insert(id: statement.id, actor: "client", on: pool)
        }
    }
}
