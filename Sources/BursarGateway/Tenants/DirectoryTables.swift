// The tables that requests look things up in, changed in place by what has changed.
internal import BursarCore
internal import OrderedCollections

/// The configuration without a lock. A change costs as much as it touches, however many tenants there are: it
/// is made under the lock that every request takes. A reading of everything costs more, and so do tables that
/// grow: both beside the lock.
struct DirectoryTables {
    private(set) var tenants = EntryTable<TenantsByID>()
    private(set) var clientsByHash = EntryTable<ClientsByHash>()
    private(set) var credentials = EntryTable<CredentialsByID>()
    private(set) var keys = EntryTable<KeysByOwner>()
    private var clients = EntryTable<ClientsByID>()
    /// Tenants with a connection by a credential that is not their own, or was unknown then. Of their own
    /// ones the owner says whose they are.
    private var sharers: [CredentialID: Set<TenantID>] = [:]
    /// How many connections want a credential's slot kept warm, where any does.
    private var warm: [CredentialID: Int] = [:]
    private let places: [ConnectionChoice: ProviderPlace]

    /// What a change has made of the tenants, for those who keep something about them.
    struct Effects {
        /// What requests found before the change and find no longer.
        var replaced: [TenantEntry] = []
        /// What they find instead, and what is new.
        var made: [TenantEntry] = []
        /// Credentials that were touched, whether or not they are still there; none by a reading of
        /// everything, which touches all.
        var credentials: Set<CredentialID> = []
    }

    init(places: [ConnectionChoice: ProviderPlace]) { self.places = places }

    // MARK: Looking up

    /// Every tenant that a platform credential acts for.
    func tenants(of credential: CredentialID) -> Set<TenantID> {
        guard credentials[credential]?.isPlatform == true else { return [] }
        return sharers[credential] ?? []
    }

    /// Every tenant that has a connection by a credential, the present or the former one of it.
    func users(of credential: CredentialID, owner: OwnerID?) -> Set<TenantID> {
        var users = sharers[credential] ?? []
        if let own = owner.map({ TenantID($0.uuid) }), uses(own, credential) { users.insert(own) }
        return users
    }

    private func uses(_ tenant: TenantID, _ credential: CredentialID) -> Bool {
        tenants[tenant]?.stored.contains { $0.credentials.contains(credential) } ?? false
    }

    /// Whether any connection wants the credential's slot kept warm.
    func isKeptWarm(_ credential: CredentialID) -> Bool { warm[credential] != nil }

    // MARK: Changing

    /// - Parameters:
    ///   - former: what these tables take the place of, where they are made anew: buckets, keys and slots
    ///     go over.
    ///   - share: for the buckets of new tenants.
    mutating func apply(
        _ changes: DirectoryChanges, inheriting former: DirectoryTables? = nil, share: ReplicaShare,
        now: Instant
    ) -> Effects {
        makeRoom(for: changes)
        var effects = Effects()
        if !changes.isComplete {
            effects.credentials = changes.touchedCredentials.union(changes.credentials.map(\.id))
        }
        if let former { effects.replaced = former.tenants.entries }
        replaceKeys(changes, former: former?.keys)
        replaceClients(changes)
        let affected = replaceCredentials(changes, effects.credentials)
        // A reading of everything names none as touched, and may bring a million.
        let present = changes.isComplete ? [] : Set(changes.tenants.map(\.id))
        for id in changes.touchedTenants.subtracting(present) {
            disconnect(id)
            keys.remove(OwnerID(id))
            replace(id, by: nil, &effects)
        }
        let connections = changes.connections.grouped(by: \.tenant)
        effects.made.reserveCapacity(changes.tenants.count)
        for (index, tenant) in changes.tenants.enumerated() {
            if let soon = changes.tenants.soon(after: index) { tenants.fetchPlaceAhead(of: soon.id) }
            // Nearly always those of the tenants, in the same order.
            if let soon = changes.connections.soon(after: index) {
                credentials.fetchPlaceAhead(of: soon.credential)
            }
            disconnect(tenant.id)
            let stored = connections[tenant.id] ?? Few()
            connect(tenant.id, by: stored)
            // Tables that are made anew have none of their own.
            let known = changes.isComplete ? former?.tenants[tenant.id] : tenants[tenant.id]
            replace(tenant.id, by: entry(of: tenant, stored, former: known, share: share, now: now), &effects)
        }
        for known in affected.subtracting(present).compactMap({ tenants[$0] }) {
            let entry = entry(of: known.terms, Few(known.stored), former: known, share: share, now: now)
            replace(known.id, by: entry, &effects)
        }
        return effects
    }

    /// Whether any table had to grow, which takes as long as it has entries.
    @discardableResult
    mutating func makeRoom(for changes: DirectoryChanges) -> Bool {
        let grown = [
            tenants.reserveCapacity(tenants.count + changes.tenants.count),
            clients.reserveCapacity(clients.count + changes.clients.count),
            clientsByHash.reserveCapacity(clientsByHash.count + changes.clients.count),
            credentials.reserveCapacity(credentials.count + changes.credentials.count),
            keys.reserveCapacity(keys.count + changes.dataKeys.count),
        ]
        return grown.contains(true)
    }

    /// In place, in what slots and connections hold already: no slot is withdrawn for a key wrapped anew.
    private mutating func replaceKeys(_ changes: DirectoryChanges, former: EntryTable<KeysByOwner>?) {
        if keys.isEmpty, former?.isEmpty ?? true {
            // Nobody holds any yet who would have to find all of an owner's at once.
            for (index, key) in changes.dataKeys.enumerated() {
                if let soon = changes.dataKeys.soon(after: index) { keys.fetchPlaceAhead(of: soon.owner) }
                holder(of: key.owner).add(key)
            }
            return
        }
        let present = changes.dataKeys.grouped(by: \.owner)
        for owner in changes.touchedOwners where present[owner] == nil { keys[owner]?.replace([]) }
        for (owner, keys) in present {
            let holder = self.keys[owner] ?? former?[owner] ?? OwnerKeys(owner: owner)
            holder.replace(keys)
            self.keys.replace(by: holder)
        }
    }

    private mutating func holder(of owner: OwnerID) -> OwnerKeys {
        if let known = keys[owner] { return known }
        let made = OwnerKeys(owner: owner)
        keys.add(made)
        return made
    }

    private mutating func replaceClients(_ changes: DirectoryChanges) {
        // A reading of everything finds none, and may bring a million.
        if !clients.isEmpty {
            for id in changes.touchedClients.union(changes.clients.map(\.id)) {
                if let former = clients.remove(id) { clientsByHash.remove(former) }
            }
        }
        for (index, client) in changes.clients.enumerated() {
            if let soon = changes.clients.soon(after: index) {
                clients.fetchPlaceAhead(of: soon.id)
                clientsByHash.fetchPlaceAhead(of: soon.secretHash)
            }
            let entry = ClientEntry(client: client)
            clients.replace(by: entry)
            clientsByHash.replace(by: entry)
        }
    }

    /// Returns the tenants whose connections go by one of those that were touched.
    private mutating func replaceCredentials(
        _ changes: DirectoryChanges, _ touched: Set<CredentialID>
    ) -> Set<TenantID> {
        var owners: [CredentialID: OwnerID] = [:]
        if !credentials.isEmpty {
            for id in touched { owners[id] = credentials.remove(id)?.owner }
        }
        for (index, credential) in changes.credentials.enumerated() {
            if let soon = changes.credentials.soon(after: index) {
                credentials.fetchPlaceAhead(of: soon.id)
                keys.fetchPlaceAhead(of: soon.owner)
            }
            credentials.replace(by: CredentialEntry(credential, keys: holder(of: credential.owner)))
        }
        // Tables that are made anew have no connections yet.
        guard !tenants.isEmpty else { return [] }
        for credential in changes.credentials { owners[credential.id] = credential.owner }
        return touched.reduce(into: []) { $0.formUnion(users(of: $1, owner: owners[$1])) }
    }

    private mutating func disconnect(_ tenant: TenantID) {
        guard !sharers.isEmpty else { return }
        for id in (tenants[tenant]?.stored ?? []).flatMap(\.credentials) {
            sharers[id]?.remove(tenant)
            if sharers[id]?.isEmpty == true { sharers[id] = nil }
        }
    }

    private mutating func connect(_ tenant: TenantID, by present: Few<Connection>) {
        for connection in present {
            share(connection.credential, with: tenant)
            if let former = connection.former { share(former, with: tenant) }
        }
    }

    private mutating func share(_ credential: CredentialID, with tenant: TenantID) {
        guard credentials[credential]?.owner != OwnerID(tenant) else { return }
        sharers[credential, default: []].insert(tenant)
    }

    private mutating func replace(_ tenant: TenantID, by made: TenantEntry?, _ effects: inout Effects) {
        let replaced = if let made { tenants.replace(by: made) } else { tenants.remove(tenant) }
        if let replaced {
            effects.replaced.append(replaced)
            for connection in replaced.keptWarm {
                let id = connection.credential.id
                warm[id] = warm[id].flatMap { $0 > 1 ? $0 - 1 : nil }
            }
        }
        guard let made else { return }
        effects.made.append(made)
        for connection in made.keptWarm { warm[connection.credential.id, default: 0] += 1 }
    }

    // MARK: Entries

    private func entry(
        of terms: TenantTerms, _ stored: Few<Connection>, former: TenantEntry?, share: ReplicaShare,
        now: Instant
    ) -> TenantEntry {
        let known = former?.connections.flatMap(\.withFallback) ?? []
        var (entries, unserved) = (Few<ConnectionEntry>(), [Connection]())
        for connection in stored {
            let fallback = connection.former.flatMap { entry(for: connection, by: $0, known: known) }
            if let entry = entry(
                for: connection, by: connection.credential, fallback: fallback, known: known)
            {
                entries.append(entry)
            } else {
                unserved.append(connection)
            }
        }
        former?.bucket.limit(to: terms.limit, now: now)
        let bucket = former?.bucket ?? TenantBucket(limit: terms.limit, share: share, now: now)
        return TenantEntry(terms: terms, connections: entries, unserved: unserved, bucket: bucket)
    }

    private func entry(
        for connection: Connection, by id: CredentialID, fallback: ConnectionEntry? = nil,
        known: [ConnectionEntry]
    ) -> ConnectionEntry? {
        let choice = ConnectionChoice(provider: connection.provider, environment: connection.environment)
        guard let credential = credentials[id], let place = places[choice] else { return nil }
        return ConnectionEntry(
            connection: connection, credential: credential, place: place, fallback: fallback,
            former: known.first { $0.credential.id == id })
    }
}

extension Sequence {
    /// In the order in which they come, in which what is made of them lies in memory and is looked for again:
    /// of a million, in no order, each would be in no cache. With room for as many groups as there are
    /// elements: they are as many, nearly always.
    fileprivate func grouped<Key: Hashable>(
        by key: (Element) -> Key
    ) -> OrderedDictionary<Key, Few<Element>> {
        var groups: OrderedDictionary<Key, Few<Element>> = [:]
        groups.reserveCapacity(underestimatedCount)
        for element in self { groups[key(element), default: Few()].append(element) }
        return groups
    }
}

extension Array {
    /// What comes so soon that its places in tables had better be fetched now.
    fileprivate func soon(after index: Int) -> Element? {
        index + 16 < count ? self[index + 16] : nil
    }
}

extension Connection {
    /// Those that it names.
    fileprivate var credentials: [CredentialID] { [credential] + [former].compactMap(\.self) }
}
