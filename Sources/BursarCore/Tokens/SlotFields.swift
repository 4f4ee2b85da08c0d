// What makes two requests want the same token.

/// One token's place: everything that decides which token it is. The credential's version is part of it, so
/// a replaced secret can never be answered with its predecessor's token.
package struct SlotFields: Hashable, Sendable {
    package let owner: OwnerID
    package let provider: ProviderID
    package let environment: ProviderEnvironment
    package let credential: CredentialID
    package let credentialVersion: Int
    package let tokenURL: String
    package let scope: String?

    package init(
        owner: OwnerID, provider: ProviderID, environment: ProviderEnvironment, credential: CredentialID,
        credentialVersion: Int, tokenURL: String, scope: String?
    ) {
        self.owner = owner
        self.provider = provider
        self.environment = environment
        self.credential = credential
        self.credentialVersion = credentialVersion
        self.tokenURL = tokenURL
        self.scope = scope
    }

    /// The bytes that the slot's digest is made of.
    package var canonicalBytes: [UInt8] {
        var fields = LengthPrefixed()
        fields.append("bursar slot 1")
        fields.append(credential.uuid.bytes)
        fields.append(credentialVersion)
        fields.append(environment.rawValue)
        fields.append(tokenURL)
        fields.append(scope == nil ? "no scope" : "scope")
        fields.append(scope ?? "")
        return fields.bytes
    }
}

/// The slot's name in the database: SHA-256 of its canonical bytes, below its owner.
package struct SlotKey: Hashable, Sendable {
    package let fields: SlotFields
    package let digest: [UInt8]

    package init(fields: SlotFields, digest: [UInt8]) {
        self.fields = fields
        self.digest = digest
    }
}
