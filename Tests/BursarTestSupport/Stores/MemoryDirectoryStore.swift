// The configuration in memory, with the same versions and changes as the database gives.
package import BursarCore
internal import Synchronization

/// A `DirectoryStore` that behaves as BursarLedger does: a version for each change, everything when it is
/// asked for or when the history no longer tells, and only what was touched otherwise.
package final class MemoryDirectoryStore: DirectoryStore {
    /// The tables, and what a change touched in them.
    package struct Tables: Sendable {
        package var tenants: [TenantID: Tenant] = [:]
        package var connections: [ConnectionKey: Connection] = [:]
        package var clients: [ClientID: Client] = [:]
        package var credentials: [CredentialID: Credential] = [:]
        package var dataKeys: [OwnerID: [WrappedDataKey]] = [:]
        package var peppers: [WrappedDataKey] = []
        package fileprivate(set) var touched = Touched()

        package mutating func touch(_ tenant: TenantID) { touched.tenants.insert(tenant) }
        package mutating func touch(_ client: ClientID) { touched.clients.insert(client) }
        package mutating func touch(_ credential: CredentialID) { touched.credentials.insert(credential) }
        package mutating func touch(_ owner: OwnerID) { touched.owners.insert(owner) }

        /// A tenant has at most one connection to a provider's environment.
        package mutating func connect(_ connection: Connection) {
            connections[ConnectionKey(connection)] = connection
            touch(connection.tenant)
        }
    }

    package struct ConnectionKey: Hashable, Sendable {
        let tenant: TenantID
        let provider: ProviderID
        let environment: ProviderEnvironment

        init(_ connection: Connection) {
            (tenant, provider) = (connection.tenant, connection.provider)
            environment = connection.environment
        }
    }

    package struct Touched: Sendable {
        var tenants: Set<TenantID> = []
        var clients: Set<ClientID> = []
        var credentials: Set<CredentialID> = []
        var owners: Set<OwnerID> = []
    }

    fileprivate struct Contents {
        var tables = Tables()
        var version: Int64 = 0
        var history: [Int64: Touched] = [:]
    }

    package let availability = StoreSwitch()
    private let contents = Mutex(Contents())

    package init() {}

    /// One administrative change: all of it under one version.
    @discardableResult
    package func change<R: Sendable>(_ body: (inout Tables) -> R) -> R {
        contents.withLock { contents in
            var tables = contents.tables
            tables.touched = Touched()
            let result = body(&tables)
            contents.version += 1
            contents.history[contents.version] = tables.touched
            contents.tables = tables
            return result
        }
    }

    /// Makes every reader that is behind read everything.
    package func forgetHistory() { contents.withLock { $0.history = [:] } }

    package var version: ConfigVersion { contents.withLock { ConfigVersion($0.version) } }

    package func credential(_ id: CredentialID) -> Credential? {
        contents.withLock { $0.tables.credentials[id] }
    }

    /// As the token store does when a provider rejects or accepts a credential: without a new version.
    func setState(_ state: Credential.State, of id: CredentialID) {
        contents.withLock { $0.tables.credentials[id]?.state = state }
    }

    package func changes(since version: ConfigVersion?) async throws(StoreFailure) -> DirectoryChanges {
        try availability.pass()
        return contents.withLock { $0.changes(since: version) }
    }
}

extension MemoryDirectoryStore.Contents {
    func changes(since known: ConfigVersion?) -> DirectoryChanges {
        let current = ConfigVersion(version)
        if known == current { return DirectoryChanges(version: current, isComplete: false) }
        guard let known, known < current, let oldest = history.keys.min(), oldest <= known.number + 1 else {
            return complete(current)
        }
        let later = history.filter { $0.key > known.number }.values
        var changes = DirectoryChanges(version: current, isComplete: false)
        for touched in later {
            changes.touchedTenants.formUnion(touched.tenants)
            changes.touchedClients.formUnion(touched.clients)
            changes.touchedCredentials.formUnion(touched.credentials)
            changes.touchedOwners.formUnion(touched.owners)
        }
        changes.tenants = changes.touchedTenants.compactMap { tables.tenants[$0]?.terms }
        changes.connections = tables.connections.values.filter { changes.touchedTenants.contains($0.tenant) }
        changes.clients = changes.touchedClients.compactMap { tables.clients[$0] }
        changes.credentials = changes.touchedCredentials.compactMap { tables.credentials[$0] }
        let owners = Set(changes.credentials.map(\.owner)).union(changes.touchedTenants.map { OwnerID($0) })
            .union(changes.touchedOwners)
        changes.dataKeys = owners.flatMap { tables.dataKeys[$0] ?? [] }
        changes.peppers = tables.peppers
        return changes
    }

    private func complete(_ current: ConfigVersion) -> DirectoryChanges {
        var changes = DirectoryChanges(version: current, isComplete: true)
        changes.tenants = tables.tenants.values.map(\.terms)
        changes.connections = Array(tables.connections.values)
        changes.clients = Array(tables.clients.values)
        changes.credentials = Array(tables.credentials.values)
        changes.dataKeys = tables.dataKeys.values.flatMap(\.self)
        changes.peppers = tables.peppers
        return changes
    }
}
