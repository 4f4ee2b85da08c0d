// The configuration in memory: what a request needs to know about who asks, and for what.
internal import BursarCore
internal import BursarVault
internal import Logging
internal import Synchronization

/// Follows the store's configuration. Readers do not meet each other; changes replace entries one by one.
final class Directory: Sendable {
    private struct Contents {
        var version: ConfigVersion?
        var tables: DirectoryTables
        /// This replica's part of every tenant's limit.
        var share = ReplicaShare.none
    }

    private struct Hashing {
        var hashers: [ClientSecretHasher] = []
        var peppers: [WrappedDataKey] = []
        /// Whether a pepper does not open: whose secret is hashed under it cannot be known.
        var isBlind: Bool { hashers.count < peppers.count }
    }

    private let contents: ReadersLock<Contents>
    /// Apart from the rest, so that no change of the tables waits for a hash. Where both locks are held, this
    /// one was taken first.
    private let hashing = ReadersLock(Hashing())
    private let census = Mutex(DirectoryCensus())
    private let desk: TokenDesk
    private let vault: Vault
    private let places: [ConnectionChoice: ProviderPlace]
    private let environment: GatewayEnvironment

    init(
        desk: TokenDesk, vault: Vault, profiles: [ProviderID: ProviderProfile],
        environment: GatewayEnvironment
    ) {
        places = ProviderPlace.all(of: profiles.values)
        contents = ReadersLock(Contents(tables: DirectoryTables(places: places)))
        self.desk = desk
        self.vault = vault
        self.environment = environment
    }

    // MARK: Looking up

    /// The version that is applied; nil before the first.
    var version: ConfigVersion? { contents.read { $0.pointee.version } }

    /// Who asks, and for whom.
    struct Caller {
        let client: ClientEntry
        /// The tenant that was named, or the only one that the client acts for; nil where there is none.
        let tenant: TenantEntry?
    }

    /// The client whose secret this is. The look-up is by keyed hash, so its time tells nothing of secrets.
    /// - Parameter named: the tenant that the request names.
    func caller(secret: PresentedText, named: TenantID?) -> Caller? {
        if let named { contents.read { $0.pointee.tables.tenants.fetchPlaceAhead(of: named) } }
        return hashing.read { hashing in
            for index in hashing.pointee.hashers.indices {
                let hash = secret.withBytes { hashing.pointee.hashers[index].hash($0) }
                let found = caller(hash: hash, named: named)
                if let found, found.client.pepperVersion == hashing.pointee.hashers[index].version {
                    return found
                }
            }
            return nil
        }
    }

    private func caller(hash: ClientSecretHash, named: TenantID?) -> Caller? {
        contents.read { contents in
            if let named { contents.pointee.tables.tenants.fetchEntryAhead(of: named) }
            guard let client = contents.pointee.tables.clientsByHash[hash] else { return nil }
            client.trail.fetchAhead()
            guard let id = client.tenant(named: named) else { return Caller(client: client, tenant: nil) }
            return Caller(client: client, tenant: contents.pointee.tables.tenants[id])
        }
    }

    /// Whether clients may be unknown only because the keyring lacks a key.
    var isBlind: Bool { hashing.read { $0.pointee.isBlind } }

    func tenant(_ id: TenantID) -> TenantEntry? { contents.read { $0.pointee.tables.tenants[id] } }

    /// Every tenant that a platform credential acts for.
    func tenants(of credential: CredentialID) -> Set<TenantID> {
        contents.read { $0.pointee.tables.tenants(of: credential) }
    }

    /// How many client secrets end soon and have not ended. It takes as long as there are clients.
    func clientSecrets(endingWithin span: Duration, of now: Instant) -> Int {
        census.withLock { $0 }.clientSecrets(endingWithin: span, of: now)
    }

    /// How many connections live on a former credential.
    func connectionsServedByFormer(at now: Instant) -> Int {
        census.withLock { $0 }.connectionsServedByFormer(at: now)
    }

    /// The data key that seals for an owner.
    func newestKey(of owner: OwnerID) -> WrappedDataKey? {
        contents.read { $0.pointee.tables.keys[owner] }?.newest
    }

    // MARK: Limits

    /// This replica's part of every tenant's limit.
    var share: ReplicaShare { contents.read { $0.pointee.share } }

    /// Gives every tenant's bucket another share. When it returns, nothing is granted by the former one any
    /// more: a lower share may be told to others. Called by one at a time.
    func apply(_ share: ReplicaShare) {
        let tenants = contents.write { contents in
            contents.share = share
            return contents.tables.tenants
        }
        let now = environment.clock.now()
        for entry in tenants.entries { entry.bucket.grant(share, now: now) }
    }

    // MARK: Following

    /// Takes what changed. Slots whose credential was replaced, removed or retired lose their tokens. Called
    /// by one at a time.
    func apply(_ changes: DirectoryChanges) {
        let hashers = changes.isComplete || !changes.peppers.isEmpty ? open(changes.peppers) : nil
        if let hashers { hashing.write { $0 = Hashing(hashers: hashers, peppers: changes.peppers) } }
        let effects = changes.isComplete ? replaceAll(changes) : replaceSome(changes)
        contents.write { $0.version = changes.version }
        census.withLock { $0.apply(changes, effects) }
        // Before slots are withdrawn: what somebody holds still makes none of a former credential after that.
        for connection in effects.replaced.flatMap(\.connections) { connection.close() }
        settleSlots(of: effects.credentials, all: changes.isComplete)
        environment.metrics.applied(changes.version)
        // The keyring may have changed since the peppers were tried.
        if isBlind { openPeppers() }
        keepWarm(effects)
    }

    private func replaceSome(_ changes: DirectoryChanges) -> DirectoryTables.Effects {
        makeRoom(for: changes)
        let now = environment.clock.now()
        return contents.write { contents in
            contents.tables.apply(changes, share: contents.share, now: now)
        }
    }

    /// Tables that have to grow do so beside those that requests go on with meanwhile.
    private func makeRoom(for changes: DirectoryChanges) {
        var tables = contents.read { $0.pointee.tables }
        guard tables.makeRoom(for: changes) else { return }
        // The former ones go after the lock: each of their entries is let go of.
        contents.write { swap(&$0.tables, &tables) }
    }

    /// Makes all tables anew, beside those that requests go on with meanwhile.
    private func replaceAll(_ changes: DirectoryChanges) -> DirectoryTables.Effects {
        let now = environment.clock.now()
        let (former, share) = contents.read { ($0.pointee.tables, $0.pointee.share) }
        desk.makeRoom(for: changes.connections.count)
        var made = DirectoryTables(places: places)
        let effects = made.apply(changes, inheriting: former, share: share, now: now)
        var granted = share
        while let other = take(made, ifShareIs: granted) {
            // Of new tenants nobody has told the buckets.
            for entry in effects.made { entry.bucket.grant(other, now: now) }
            granted = other
        }
        return effects
    }

    /// The share that holds, where it is another one.
    private func take(_ tables: DirectoryTables, ifShareIs share: ReplicaShare) -> ReplicaShare? {
        contents.write { contents in
            guard contents.share == share else { return contents.share }
            contents.tables = tables
            return nil
        }
    }

    /// Tries the peppers again, after the keyring has changed.
    func openPeppers() {
        let peppers = hashing.read { $0.pointee.peppers }
        let hashers = open(peppers)
        hashing.write { if $0.peppers == peppers { $0.hashers = hashers } }
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

    // MARK: Slots

    /// A credential that was touched gets another try at once; one that has gone loses its slots. Callers who
    /// wait for one that was replaced look again.
    private func settleSlots(of touched: Set<CredentialID>, all: Bool) {
        guard all || !touched.isEmpty else { return }
        let now = environment.clock.now()
        // Nobody changes the table meanwhile, and so nobody has to copy it.
        let current = contents.read { $0.pointee.tables.credentials }
        desk.withdraw(of: all ? nil : touched) { fields in
            guard let credential = current[fields.credential] else { return true }
            return credential.version != fields.credentialVersion || credential.state == .pending
        }
        for cell in all ? desk.allCells : touched.flatMap({ desk.cells(of: $0) }) {
            let isKept = current[cell.context.credential.id]?.state == .retiring
            let keeping = cell.setKept(isKept)
            if keeping == .begun { startSuccessor(of: cell) }
            if cell.retryNow(now: now) || keeping == .ended { desk.reschedule(cell) }
        }
    }

    /// Where a replaced credential's token is in use, its successor's is asked for before anyone comes.
    private func startSuccessor(of cell: SlotCell) {
        let now = environment.clock.now()
        guard cell.snapshot().isInUse(at: now) else { return }
        let former = cell.context.credential
        let users = contents.read { $0.pointee.tables.users(of: former.id, owner: former.owner) }
        for entry in users.compactMap({ tenant($0) }).flatMap(\.connections)
        where entry.fallback?.credential.id == former.id {
            guard let successor = try? entry.cell(scope: cell.context.scope, desk: desk) else { continue }
            desk.warmUp(successor, tenant: nil, now: now)
        }
    }

    /// Slots of connections marked keep-warm renew from the start, whether anyone asks or not; those whose
    /// mark or connection has gone stop.
    private func keepWarm(_ effects: DirectoryTables.Effects) {
        let kept = effects.made.flatMap(\.keptWarm)
        for entry in kept {
            guard let cell = try? entry.cell(scope: entry.profile.scopes.standard, desk: desk) else {
                continue
            }
            desk.setKeepWarm(true, cell)
        }
        let former = Set(effects.replaced.flatMap(\.keptWarm).map(\.credential.id))
        let gone = contents.read { contents in former.filter { !contents.pointee.tables.isKeptWarm($0) } }
        for cell in gone.flatMap({ desk.cells(of: $0) }) { desk.setKeepWarm(false, cell) }
    }
}
