// What the database holds in place of a secret. Core and Ledger carry it; only Vault opens it.

/// A sealed secret: ciphertext with everything needed to open it but the key.
package struct SealedValue: Hashable, Sendable {
    /// The format of BursarVault's `Envelope`, which see.
    package let bytes: [UInt8]
    /// Version of the owner's data key that sealed it, also written on the row so that `keys` can count.
    package let keyVersion: Int

    package init(bytes: [UInt8], keyVersion: Int) {
        self.bytes = bytes
        self.keyVersion = keyVersion
    }
}

/// An owner's data key, itself sealed under a key-encryption key of the keyring.
package struct WrappedDataKey: Hashable, Sendable {
    package let owner: OwnerID
    package let version: Int
    /// Id of the key-encryption key, as the keyring file names it.
    package let keyID: String
    package let wrapped: [UInt8]

    package init(owner: OwnerID, version: Int, keyID: String, wrapped: [UInt8]) {
        self.owner = owner
        self.version = version
        self.keyID = keyID
        self.wrapped = wrapped
    }
}

/// The row and column that a sealed value belongs to. It is authenticated with the ciphertext, so a value
/// moved to another row, column, tenant or version does not open.
package struct SealedPlace: Hashable, Sendable {
    package let table: String
    package let column: String
    package let owner: OwnerID
    package let provider: ProviderID?
    /// What tells rows of one owner apart: the credential's id, or the slot's digest in hexadecimal.
    package let row: String
    package let version: Int

    package init(
        table: String, column: String, owner: OwnerID, provider: ProviderID?, row: String, version: Int
    ) {
        self.table = table
        self.column = column
        self.owner = owner
        self.provider = provider
        self.row = row
        self.version = version
    }
}
