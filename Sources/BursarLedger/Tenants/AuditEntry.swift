// One line of the audit trail, before it has its place there.
internal import BursarCore

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
        /// Equal to `AuditWalk.closingAction`.
        case periodClosed = "period.closed"
        case periodAdjusted = "period.adjusted"
        case scopedTokenStated = "scoped_token.stated"
    }

    /// Nil for what concerns no single tenant.
    let tenant: TenantID?
    let action: Action
    let subject: String
    var detail: [String: String] = [:]
    var event = Ledger.newID()

    var chain: TenantID { tenant ?? AuditChain.platform }
}
