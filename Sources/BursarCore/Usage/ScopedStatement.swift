// The merchant's statement behind a scoped token.

/// Where the merchant's statement behind a scoped token is kept (PROVIDERS A4). Implemented by BursarLedger.
package protocol StatementStore: Sendable {
    /// Returns once the statement is durable; no scoped token is answered before.
    func record(_ statement: ScopedStatement) async throws(StoreFailure)
}

/// "I verified that this customer and invoice belong to this end user", as the merchant stated it.
package struct ScopedStatement: Hashable, Sendable {
    package let id: UUIDValue
    package let at: Instant
    package let tenant: TenantID
    package let client: ClientID
    package let provider: ProviderID
    package let environment: ProviderEnvironment
    /// Keyed hash of the end user, whose key goes with the tenant: it is personal data.
    package let subjectHash: [UInt8]
    /// Keyed hashes of the other members that the caller stated, by name.
    package let memberHashes: [String: [UInt8]]

    package init(
        id: UUIDValue, at: Instant, tenant: TenantID, client: ClientID, provider: ProviderID,
        environment: ProviderEnvironment, subjectHash: [UInt8], memberHashes: [String: [UInt8]]
    ) {
        self.id = id
        self.at = at
        self.tenant = tenant
        self.client = client
        self.provider = provider
        self.environment = environment
        self.subjectHash = subjectHash
        self.memberHashes = memberHashes
    }
}
