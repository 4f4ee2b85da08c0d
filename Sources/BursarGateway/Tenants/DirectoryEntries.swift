// The configuration as requests walk it: client → tenant → connection → slot.
package import BursarCore
internal import Synchronization

/// A tenant with its connections and its spending. Replaced when the tenant changes; its bucket stays.
final class TenantEntry: Sendable {
    let tenant: Tenant
    let connections: [ConnectionEntry]
    /// Connections that nobody can use: their credential is unknown, or their provider has no profile.
    let unserved: [Connection]
    let bucket: TenantBucket

    /// `bucket` is of this tenant and has the shape of its limit.
    init(
        tenant: Tenant, connections: [ConnectionEntry], unserved: [Connection], bucket: TenantBucket
    ) {
        self.tenant = tenant
        self.connections = connections
        self.unserved = unserved
        self.bucket = bucket
    }

    /// The connections as they are stored.
    var stored: [Connection] { connections.map(\.connection) + unserved }

    /// What a caller may choose from.
    var choices: [ConnectionChoice] { connections.map(\.choice) }

    /// Connections whose slot renews whether anyone asks or not.
    var keptWarm: [ConnectionEntry] {
        guard tenant.state == .active else { return [] }
        return connections.filter { $0.connection.keepWarm && $0.credential.state != .pending }
    }
}

/// A provider's profile, one for all of its connections, and what follows from it for each environment.
final class ProviderEntry: Sendable {
    let profile: ProviderProfile
    private let tokenURLs: [ProviderEnvironment: Result<String, ProfileGap>]
    /// Where the profile lacks something that a connection needs.
    private let incomplete: Set<ProviderEnvironment>

    init(profile: ProviderProfile) {
        self.profile = profile
        let places = ProviderEnvironment.allCases
        tokenURLs = Dictionary(
            uniqueKeysWithValues: places.map { place in
                (place, Result { () throws(ProfileGap) in try profile.url(profile.token.path, in: place) })
            })
        incomplete = Set(places.filter { profile.gap(in: $0) != nil })
    }

    func tokenURL(in place: ProviderEnvironment) throws(ProfileGap) -> String {
        guard let url = tokenURLs[place] else { throw .environmentUnknown(place) }
        return try url.get()
    }

    func isIncomplete(in place: ProviderEnvironment) -> Bool { incomplete.contains(place) }
}

/// A credential in one of its versions, one for all connections and slots by it.
final class CredentialEntry: Sendable {
    let credential: Credential
    let keys: OwnerKeys

    init(credential: Credential, keys: OwnerKeys) {
        self.credential = credential
        self.keys = keys
    }
}

/// A connection with its credential and profile, and the slots of its scopes.
final class ConnectionEntry: Sendable {
    let connection: Connection
    private let holder: CredentialEntry
    private let provider: ProviderEntry
    /// The same connection by the credential that the present one replaced, while that is kept.
    let fallback: ConnectionEntry?
    /// Whether the profile lacks something that the connection's environment needs.
    let isIncomplete: Bool
    private let slots = Mutex(Slots())

    private struct Slots {
        /// One for each scope; they are few.
        var cells: [SlotCell] = []
        /// Whether another entry has taken this one's place.
        var isClosed = false
    }

    /// The slots of `former` move over: a changed name must not make a report about a token miss its slot.
    init(
        connection: Connection, credential: CredentialEntry, provider: ProviderEntry,
        fallback: ConnectionEntry? = nil, former: ConnectionEntry?
    ) {
        self.connection = connection
        holder = credential
        self.provider = provider
        self.fallback = fallback
        isIncomplete = provider.isIncomplete(in: connection.environment)
        guard let former, former.credential.version == credential.credential.version else { return }
        // Those of a credential that was pending meanwhile have been withdrawn.
        let known = former.slots.withLock { $0.cells }.filter { !$0.isWithdrawn }
        slots.withLock { $0.cells = known }
    }

    var credential: Credential { holder.credential }
    var profile: ProviderProfile { provider.profile }

    /// The slot for `scope`, remembered here so that a hit need not look it up in the desk. Nil when this
    /// entry has been replaced meanwhile: it makes no more slots, which nobody would withdraw.
    func cell(scope: String?, desk: TokenDesk) throws(ProfileGap) -> SlotCell? {
        if let cell = knownCell(scope: scope) { return cell }
        let context = FlightContext(
            provider: provider, credential: holder, environment: connection.environment,
            tokenURL: try provider.tokenURL(in: connection.environment), scope: scope)
        // Under the lock, so that whatever was made before `close` is in the desk by then.
        return slots.withLock { slots in
            guard !slots.isClosed else { return nil }
            let cell = desk.cell(for: context)
            // Somebody else may have made room for it meanwhile.
            if !slots.cells.contains(where: { $0 === cell }) { slots.cells.append(cell) }
            return cell
        }
    }

    /// To be called when another entry has taken this one's place, and before its slots are withdrawn.
    func close() {
        slots.withLock { $0.isClosed = true }
        fallback?.close()
    }

    /// The connection by the present credential, and by the former one where that is kept.
    var withFallback: [ConnectionEntry] { [self] + [fallback].compactMap(\.self) }

    var choice: ConnectionChoice {
        ConnectionChoice(provider: profile.id, environment: connection.environment)
    }

    /// The slot for `scope`, if requests have come for it.
    func knownCell(scope: String?) -> SlotCell? {
        slots.withLock { $0.cells.first { $0.context.scope == scope } }
    }

    /// The slots that requests have come for.
    var knownCells: [SlotCell] { slots.withLock { $0.cells } }

    /// Whether callers live on the former credential: the provider rejects the present one.
    func isServedByFormer(at now: Instant) -> Bool {
        fallback != nil && knownCells.contains { $0.condition(at: now).stage == .quarantined }
    }
}

/// A client, found by the hash of its secret.
final class ClientEntry: Sendable {
    let client: Client
    init(client: Client) { self.client = client }

    /// The tenant that a request of this client is for: the one that it names, or the only one there is.
    func tenant(named: TenantID?) -> TenantID? {
        if let named { return client.tenants.contains(named) ? named : nil }
        return client.tenants.count == 1 ? client.tenants[0] : nil
    }
}

/// Which connection of its tenant a request wants, as far as it says.
package struct ConnectionChoice: Hashable, Sendable, CustomStringConvertible {
    package let provider: ProviderID
    package let environment: ProviderEnvironment

    package init(provider: ProviderID, environment: ProviderEnvironment) {
        self.provider = provider
        self.environment = environment
    }

    package var description: String { "\(provider)/\(environment)" }
}
