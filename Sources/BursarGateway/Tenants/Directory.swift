// The configuration in memory: what a request needs to know about who asks, and for what.
internal import BursarCore
internal import BursarVault
internal import Logging
internal import Synchronization

/// Follows the store's configuration. Reads take one short lock; changes replace entries one by one.
final class Directory: Sendable {
    private struct Contents {
        var version: ConfigVersion?
        var tenants: [TenantID: TenantEntry] = [:]
        var connections: [TenantID: [Connection]] = [:]
        var clients: [ClientID: ClientEntry] = [:]
        var clientsByHash: [[UInt8]: ClientEntry] = [:]
        var credentials: [CredentialID: Credential] = [:]
        var keys: [OwnerID: OwnerKeys] = [:]
        var hashers: [ClientSecretHasher] = []
        var peppers: [WrappedDataKey] = []
        /// Whether a pepper does not open: whose secret is hashed under it cannot be known.
        var isBlind: Bool { hashers.count < peppers.count }
        /// When those client secrets end that have an end. Replaced as a whole: it is read at leisure.
        var endings: [Instant] = []
        /// Every tenant that a platform credential acts for.
        var acting: [CredentialID: Set<TenantID>] = [:]
        /// Connections whose former credential is kept.
        var rotating: [ConnectionEntry] = []
        /// This replica's part of every tenant's limit.
        var share = ReplicaShare.none
    }

    private let contents = Mutex(Contents())
    private let desk: TokenDesk
    private let vault: Vault
    private let profiles: [ProviderID: ProviderProfile]
    private let environment: GatewayEnvironment

    init(
        desk: TokenDesk, vault: Vault, profiles: [ProviderID: ProviderProfile],
        environment: GatewayEnvironment
    ) {
        self.desk = desk
        self.vault = vault
        self.profiles = profiles
        self.environment = environment
    }

    // MARK: Looking up

    /// The version that is applied; nil before the first.
    var version: ConfigVersion? { contents.withLock { $0.version } }

    /// The client whose secret this is. The look-up is by keyed hash, so its time tells nothing of secrets.
    func client(secret: [UInt8]) -> ClientEntry? {
        contents.withLock { contents in
            for hasher in contents.hashers {
                if let entry = contents.clientsByHash[hasher.hash(secret)],
                    entry.client.pepperVersion == hasher.version
                {
                    return entry
                }
            }
            return nil
        }
    }

    /// Whether clients may be unknown only because the keyring lacks a key.
    var isBlind: Bool { contents.withLock { $0.isBlind } }

    func tenant(_ id: TenantID) -> TenantEntry? { contents.withLock { $0.tenants[id] } }

    /// Every tenant that a platform credential acts for.
    func tenants(of credential: CredentialID) -> Set<TenantID> {
        contents.withLock { $0.acting[credential] ?? [] }
    }

    /// How many client secrets end soon and have not ended. It takes as long as there are clients.
    func clientSecrets(endingWithin span: Duration, of now: Instant) -> Int {
        contents.withLock { $0.endings }.count { $0 > now && $0 - now <= span }
    }

    /// The data key that seals for an owner.
    func newestKey(of owner: OwnerID) -> WrappedDataKey? { contents.withLock { $0.keys[owner] }?.newest }

    // MARK: Limits

    /// This replica's part of every tenant's limit.
    var share: ReplicaShare { contents.withLock { $0.share } }

    /// Gives every tenant's bucket another share. When it returns, nothing is granted by the former one any
    /// more: a lower share may be told to others. Called by one at a time.
    func apply(_ share: ReplicaShare) {
        let tenants = contents.withLock { contents in
            contents.share = share
            return Array(contents.tenants.values)
        }
        let now = environment.clock.now()
        for entry in tenants { entry.bucket.shape(entry.tenant.limit, share: share, now: now) }
    }

    // MARK: Following

    /// Takes what changed. Slots whose credential was replaced, removed or retired lose their tokens.
    func apply(_ changes: DirectoryChanges) {
        let hashers = changes.isComplete || !changes.peppers.isEmpty ? open(changes.peppers) : nil
        let touched = contents.withLock { contents in
            let former = contents.tenants
            let known = (contents.hashers, contents.peppers)
            let holders = changes.isComplete ? contents.keys : [:]
            let share = contents.share
            if changes.isComplete { contents = Contents() }
            contents.share = share
            contents.version = changes.version
            (contents.hashers, contents.peppers) = hashers.map { ($0, changes.peppers) } ?? known
            replaceKeys(changes, former: holders, in: &contents)
            replaceClients(changes, in: &contents)
            let tenants = replaceTenants(changes, in: &contents)
            rebuild(tenants, former: former, in: &contents)
            contents.acting = Directory.acting(in: contents)
            contents.rotating = contents.tenants.values.flatMap(\.connections).filter { $0.fallback != nil }
            contents.endings = contents.clients.values.compactMap(\.client.expiresAt)
            return Set(changes.credentials.map(\.id)).union(changes.touchedCredentials)
        }
        settleSlots(of: touched, all: changes.isComplete)
        environment.metrics.applied(changes.version)
        // The keyring may have changed since the peppers were tried.
        if isBlind { openPeppers() }
        warmUp()
    }

    /// Tries the peppers again, after the keyring has changed.
    func openPeppers() {
        let peppers = contents.withLock { $0.peppers }
        let hashers = open(peppers)
        contents.withLock { contents in
            if contents.peppers == peppers { contents.hashers = hashers }
        }
    }

    /// In place, in what slots and connections hold already: no slot is withdrawn for a key wrapped anew.
    private func replaceKeys(
        _ changes: DirectoryChanges, former: [OwnerID: OwnerKeys], in contents: inout Contents
    ) {
        let present = Dictionary(grouping: changes.dataKeys, by: \.owner)
        for owner in changes.touchedOwners where present[owner] == nil { contents.keys[owner] = nil }
        for (owner, keys) in present {
            let holder = contents.keys[owner] ?? former[owner] ?? OwnerKeys()
            holder.replace(keys)
            contents.keys[owner] = holder
        }
    }

    private func open(_ peppers: [WrappedDataKey]) -> [ClientSecretHasher] {
        peppers.compactMap { pepper in
            do {
                return try vault.clientSecretHasher(pepper: pepper)
            } catch {
                environment.logger.error("the pepper does not open", metadata: ["error": "\(error)"])
                return nil
            }
        }
    }

    private func replaceClients(_ changes: DirectoryChanges, in contents: inout Contents) {
        for id in changes.touchedClients.union(changes.clients.map(\.id)) {
            guard let former = contents.clients.removeValue(forKey: id) else { continue }
            contents.clientsByHash[former.client.secretHash] = nil
        }
        for client in changes.clients {
            let entry = ClientEntry(client: client)
            contents.clients[client.id] = entry
            contents.clientsByHash[client.secretHash] = entry
        }
    }

    /// Returns the tenants whose entries have to be made anew.
    private func replaceTenants(_ changes: DirectoryChanges, in contents: inout Contents) -> [Tenant] {
        let credentials = changes.touchedCredentials.union(changes.credentials.map(\.id))
        for id in credentials { contents.credentials[id] = nil }
        for credential in changes.credentials { contents.credentials[credential.id] = credential }
        let present = Set(changes.tenants.map(\.id))
        for id in changes.touchedTenants.subtracting(present) {
            contents.tenants[id] = nil
            contents.connections[id] = nil
            contents.keys[OwnerID(id)] = nil
        }
        let connections = Dictionary(grouping: changes.connections, by: \.tenant)
        for tenant in changes.tenants { contents.connections[tenant.id] = connections[tenant.id] ?? [] }
        let affected = contents.connections.filter { tenant, connections in
            !present.contains(tenant)
                && connections.contains { connection in
                    credentials.contains(connection.credential)
                        || connection.former.map(credentials.contains) ?? false
                }
        }
        return changes.tenants + affected.keys.compactMap { contents.tenants[$0]?.tenant }
    }

    /// Requests ask with every token of a platform credential, so the answer is kept ready.
    private static func acting(in contents: Contents) -> [CredentialID: Set<TenantID>] {
        var acting: [CredentialID: Set<TenantID>] = [:]
        for (tenant, connections) in contents.connections {
            let ids = connections.flatMap { [$0.credential, $0.former].compactMap(\.self) }
            for id in ids where contents.credentials[id]?.isPlatform == true {
                acting[id, default: []].insert(tenant)
            }
        }
        return acting
    }

    private func rebuild(
        _ tenants: [Tenant], former: [TenantID: TenantEntry], in contents: inout Contents
    ) {
        let now = environment.clock.now()
        for tenant in tenants {
            let former = former[tenant.id]
            let known = (former?.connections ?? []).flatMap { [$0, $0.fallback].compactMap(\.self) }
            let entries = (contents.connections[tenant.id] ?? []).compactMap { connection in
                let fallback = connection.former.flatMap { id in
                    entry(for: connection, by: id, known: known, in: &contents)
                }
                return entry(
                    for: connection, by: connection.credential, fallback: fallback, known: known,
                    in: &contents)
            }
            let bucket =
                former?.bucket
                ?? TenantBucket(tenant: tenant.id, limit: tenant.limit, share: contents.share, now: now)
            bucket.shape(tenant.limit, share: contents.share, now: now)
            contents.tenants[tenant.id] = TenantEntry(tenant: tenant, connections: entries, bucket: bucket)
        }
    }

    private func entry(
        for connection: Connection, by id: CredentialID, fallback: ConnectionEntry? = nil,
        known: [ConnectionEntry], in contents: inout Contents
    ) -> ConnectionEntry? {
        guard let credential = contents.credentials[id],
            let profile = profiles[connection.provider]
        else { return nil }
        let keys = contents.keys[credential.owner] ?? OwnerKeys()
        contents.keys[credential.owner] = keys
        return ConnectionEntry(
            connection: connection, credential: credential, profile: profile, keys: keys,
            fallback: fallback, former: known.first { $0.credential.id == credential.id })
    }

    // MARK: Slots

    /// A credential that was touched gets another try at once; one that has gone loses its slots. Callers who
    /// wait for one that was replaced look again.
    private func settleSlots(of touched: Set<CredentialID>, all: Bool) {
        guard all || !touched.isEmpty else { return }
        let current = contents.withLock { $0.credentials }
        desk.withdraw { fields in
            guard all || touched.contains(fields.credential) else { return false }
            guard let credential = current[fields.credential] else { return true }
            return credential.version != fields.credentialVersion || credential.state == .pending
        }
        for credential in touched {
            let isKept = current[credential]?.state == .retiring
            for cell in desk.cells(of: credential) {
                let keeping = cell.setKept(isKept)
                if keeping == .begun { startSuccessor(of: cell) }
                if cell.retryNow() || keeping == .ended { desk.reschedule(cell) }
            }
        }
    }

    /// Where a replaced credential's token is in use, its successor's is asked for before anyone comes.
    private func startSuccessor(of cell: SlotCell) {
        let now = environment.clock.now()
        guard cell.snapshot().isInUse(at: now) else { return }
        let former = cell.context.credential.id
        for entry in contents.withLock({ $0.rotating }) where entry.fallback?.credential.id == former {
            guard let successor = try? entry.cell(scope: cell.context.scope, desk: desk) else { continue }
            desk.warmUp(successor, tenant: nil, now: now)
        }
    }

    /// How many connections live on a former credential.
    func connectionsServedByFormer(at now: Instant) -> Int {
        contents.withLock { $0.rotating }.count { $0.isServedByFormer(at: now) }
    }

    /// Slots of connections marked keep-warm renew from the start, whether anyone asks or not; those whose
    /// mark or connection has gone stop.
    private func warmUp() {
        let entries = contents.withLock { contents in
            contents.tenants.values.filter { $0.tenant.state == .active }.flatMap(\.connections)
        }
        var warm: Set<SlotFields> = []
        for entry in entries where entry.connection.keepWarm && entry.credential.state != .pending {
            guard let cell = try? entry.cell(scope: entry.profile.scopes.standard, desk: desk) else {
                continue
            }
            warm.insert(cell.key.fields)
        }
        desk.keepWarm(warm)
    }
}
