// The configuration as replicas follow it: everything once, then what changed.

/// Where replicas read the configuration. Implemented by BursarLedger.
package protocol DirectoryStore: Sendable {
    /// What changed after `version`; everything when it is nil or too long ago to tell.
    func changes(since version: ConfigVersion?) async throws(StoreFailure) -> DirectoryChanges
}

/// Grows by one with each change of the configuration, in commit order.
package struct ConfigVersion: Hashable, Sendable, Comparable {
    package let number: Int64
    package init(_ number: Int64) { self.number = number }
    package static func < (left: ConfigVersion, right: ConfigVersion) -> Bool { left.number < right.number }
}

/// A consistent picture of what changed. What is named in `touched…` and absent from the lists is gone.
package struct DirectoryChanges: Sendable {
    package var version: ConfigVersion
    /// Whether the lists hold everything there is.
    package var isComplete: Bool
    package var touchedTenants: Set<TenantID> = []
    package var touchedClients: Set<ClientID> = []
    package var touchedCredentials: Set<CredentialID> = []
    /// Owners whose data keys were wrapped anew, or have gone.
    package var touchedOwners: Set<OwnerID> = []
    package var tenants: [TenantTerms] = []
    /// All connections of the touched tenants.
    package var connections: [Connection] = []
    package var clients: [Client] = []
    package var credentials: [Credential] = []
    /// All data keys of the touched owners, and of the owners of touched tenants and credentials.
    package var dataKeys: [WrappedDataKey] = []
    package var peppers: [WrappedDataKey] = []

    package init(version: ConfigVersion, isComplete: Bool) {
        self.version = version
        self.isComplete = isComplete
    }
}

/// Why the store gave no answer. Details stay in the store's own log line.
package enum StoreFailure: Error, Hashable, Sendable {
    /// Not reachable, frozen, or no connection free in time.
    case unavailable
    /// It answered, but not what this program expects: a defect or a foreign schema.
    case unexpected
}
