// By which keys the directory's tables find their entries.
internal import BursarCore

// Ids are made by us or by operators, and secrets are hashed under a key: no caller can choose keys that
// meet in a table, so that none of these needs a hash that is seeded.

enum TenantsByID: EntryKeying {
    static func key(of entry: TenantEntry) -> TenantID { entry.id }
    static func spread(_ key: TenantID) -> UInt64 { key.uuid.spread }
}

enum ClientsByID: EntryKeying {
    static func key(of entry: ClientEntry) -> ClientID { entry.id }
    static func spread(_ key: ClientID) -> UInt64 { key.spread }
}

enum ClientsByHash: EntryKeying {
    static func key(of entry: ClientEntry) -> ClientSecretHash { entry.secretHash }
    static func spread(_ key: ClientSecretHash) -> UInt64 { key.spread }
}

enum CredentialsByID: EntryKeying {
    static func key(of entry: CredentialEntry) -> CredentialID { entry.id }
    static func spread(_ key: CredentialID) -> UInt64 { key.uuid.spread }
}

enum KeysByOwner: EntryKeying {
    static func key(of entry: OwnerKeys) -> OwnerID { entry.owner }
    static func spread(_ key: OwnerID) -> UInt64 { key.uuid.spread }
}
