// One row of the audit trail, and the bytes of it that are authenticated.

/// Who did what to whom, and its place in its tenant's chain.
package struct AuditRow: Hashable, Sendable {
    /// The tenant that it concerns, or `AuditChain.platform`.
    package let chain: TenantID
    package let event: UUIDValue
    package let at: Instant
    package let actor: String
    package let action: String
    package let subject: String
    /// Nil when what is stored is no list of texts by name, which no program wrote.
    package let detail: [String: String]?
    /// From 1; nil for a row from before there were chains.
    package var sequence: Int64?
    /// The mac of the row before it; of the first one what the chain began with.
    package let previous: [UInt8]
    package var mac: [UInt8]

    package init(
        chain: TenantID, event: UUIDValue, at: Instant, actor: String, action: String, subject: String,
        detail: [String: String]?, sequence: Int64?, previous: [UInt8], mac: [UInt8] = []
    ) {
        self.chain = chain
        self.event = event
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.detail = detail
        self.sequence = sequence
        self.previous = previous
        self.mac = mac
    }

    /// All that the row says, unambiguously, in a format that never changes; nil when it is in no chain or
    /// cannot be read.
    package var canonicalBytes: [UInt8]? {
        guard let sequence, let detail else { return nil }
        var fields = LengthPrefixed()
        fields.append(1)
        fields.append(chain.uuid.bytes)
        fields.append(Int(sequence))
        fields.append(previous)
        fields.append(event.bytes)
        fields.append(Int(at.microseconds))
        for text in [actor, action, subject] { fields.append(text) }
        fields.append(detail.count)
        // By bytes: how Unicode sorts texts may change with its version.
        for (name, value) in detail.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            fields.append(name)
            fields.append(value)
        }
        return fields.bytes
    }
}

/// What all chains have in common.
package enum AuditChain {
    /// The chain of what concerns no single tenant.
    package static let platform = TenantID(UUIDValue(high: 0, low: 0))
    /// Stands in as the owner of the audit key, which belongs to nobody; the pepper's is another.
    package static let keyOwner = OwnerID(UUIDValue(high: 0, low: 1))
    /// What a chain begins with whose tenant has no rows from before there were chains.
    package static let beginning = [UInt8](repeating: 0, count: 32)
}

/// Makes and checks the macs of chains. Implemented by BursarVault, which alone can open the audit key.
package protocol AuditSealer: Sendable {
    /// A new random audit key, of version 1, wrapped like a data key of `AuditChain.keyOwner`.
    /// - Parameter keyID: the keyring's key to wrap it under; nil for the keyring's first line.
    func makeAuditKey(under keyID: String?) throws -> WrappedDataKey
    /// 32 bytes that nobody can make for this chain without the audit key.
    func auditMAC(of bytes: [UInt8], chain: TenantID, under key: WrappedDataKey) throws -> [UInt8]
}
