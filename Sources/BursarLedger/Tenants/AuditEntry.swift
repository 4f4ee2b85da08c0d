// One line of the audit trail.
internal import BursarCore
private import Foundation
internal import Postgres

/// What was done to whom. Details name ids and settings, never a secret.
struct AuditEntry: Sendable {
    /// Raw values are stored: never rename one.
    enum Action: String, Sendable {
        case tenantAdded = "tenant.added"
        case tenantRenamed = "tenant.renamed"
        case tenantSuspended = "tenant.suspended"
        case tenantResumed = "tenant.resumed"
        case tenantDeleted = "tenant.deleted"
        case tenantLimited = "tenant.limited"
        case credentialSet = "credential.set"
        case credentialShared = "credential.token_shared"
        case credentialActivated = "credential.activated"
        case credentialRetired = "credential.retired"
        case connectionSet = "connection.set"
        case connectionRemoved = "connection.removed"
        case connectionRetried = "connection.retried"
        case clientIssued = "client.issued"
        case clientRevoked = "client.revoked"
        case pepperMade = "keys.pepper_made"
        case keyRotated = "keys.rotated"
        case keysRewrapped = "keys.rewrapped"
        case keyRetired = "keys.retired"
        case periodClosed = "period.closed"
        case periodAdjusted = "period.adjusted"
        case scopedTokenStated = "scoped_token.stated"
    }

    /// Nil for what concerns no single tenant.
    let tenant: TenantID?
    let action: Action
    let subject: String
    var detail: [String: String] = [:]

    func insert(id: UUIDValue, actor: String, on connection: PostgresConnection) async throws {
        try await connection.execute(try query(id: id, actor: actor))
    }

    func insert(id: UUIDValue, actor: String, on pool: PostgresPool) async throws {
        try await pool.execute(try query(id: id, actor: actor))
    }

    private func query(id: UUIDValue, actor: String) throws -> PostgresQuery {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = String(decoding: try encoder.encode(detail), as: UTF8.self)
        return """
            INSERT INTO bursar.audit_event (tenant_id, event_id, actor, action, subject, detail)
            VALUES (\(tenant?.uuid ?? Ledger.nobody), \(id), \(actor), \(action.rawValue), \(subject),
                \(PostgresJSON(json)))
            """
    }
}
