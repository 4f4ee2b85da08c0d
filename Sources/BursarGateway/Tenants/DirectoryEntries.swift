// The configuration as requests walk it: client → tenant → connection → slot.
package import BursarCore
internal import Synchronization

/// A tenant with its connections and its spending. Replaced when the tenant changes; its bucket stays.
final class TenantEntry: Sendable {
    let terms: TenantTerms
    let connections: Few<ConnectionEntry>
    /// Connections that nobody can use: their credential is unknown, or their provider has no profile.
    let unserved: [Connection]
    let bucket: TenantBucket

    /// `bucket` is of this tenant and has the shape of its limit.
    init(
        terms: TenantTerms, connections: Few<ConnectionEntry>, unserved: [Connection], bucket: TenantBucket
    ) {
        self.terms = terms
        self.connections = connections
        self.unserved = unserved
        self.bucket = bucket
    }

    var id: TenantID { terms.id }

    /// The connections as they are stored.
    var stored: [Connection] { connections.map(\.connection) + unserved }

    /// What a caller may choose from.
    var choices: [ConnectionChoice] { connections.map(\.choice) }

    /// Connections whose slot renews whether anyone asks or not.
    var keptWarm: [ConnectionEntry] {
        guard terms.state == .active else { return [] }
        return connections.filter { $0.keepWarm && $0.credential.state != .pending }
    }
}

/// A provider in one environment, one for all connections to it, and what follows from its profile there.
final class ProviderPlace: Sendable {
    let profile: ProviderProfile
    let environment: ProviderEnvironment
    private let endpoint: Result<TokenEndpoint, ProfileGap>
    /// Whether the profile lacks something that a connection needs.
    let isIncomplete: Bool

    init(profile: ProviderProfile, environment: ProviderEnvironment) {
        self.profile = profile
        self.environment = environment
        endpoint = Result { () throws(ProfileGap) in
            let url = try profile.url(profile.token.path, in: environment)
            return TokenEndpoint(profile: profile, environment: environment, url: url)
        }
        isIncomplete = profile.gap(in: environment) != nil
    }

    /// Where each of these profiles' providers is.
    static func all(of profiles: some Sequence<ProviderProfile>) -> [ConnectionChoice: ProviderPlace] {
        var places: [ConnectionChoice: ProviderPlace] = [:]
        for profile in profiles {
            for environment in ProviderEnvironment.allCases {
                let place = ProviderPlace(profile: profile, environment: environment)
                places[place.choice] = place
            }
        }
        return places
    }

    var choice: ConnectionChoice { ConnectionChoice(provider: profile.id, environment: environment) }

    func requireEndpoint() throws(ProfileGap) -> TokenEndpoint { try endpoint.get() }
}

/// Where a provider is asked for tokens in one environment, one for all slots there.
final class TokenEndpoint: Sendable {
    let profile: ProviderProfile
    let environment: ProviderEnvironment
    let url: String

    init(profile: ProviderProfile, environment: ProviderEnvironment, url: String) {
        self.profile = profile
        self.environment = environment
        self.url = url
    }

    var choice: ConnectionChoice { ConnectionChoice(provider: profile.id, environment: environment) }
}

/// A connection with its credential and profile, and the slots of its scopes. What its place and credential
/// say it does not hold itself: there are as many as tenants.
final class ConnectionEntry: Sendable {
    private let place: ProviderPlace
    let credential: CredentialEntry
    /// The same connection by the credential that the present one replaced, while that is kept.
    let fallback: ConnectionEntry?
    private let tenant: TenantID
    private let former: CredentialID?
    let keepWarm: Bool
    /// Whether the provider has not issued the credential yet. The credential says so too, but it lies
    /// elsewhere in memory, and every request asks.
    let isPending: Bool
    /// Whether others have the same credential, and not its token.
    let isApart: Bool
    let origins: [String]
    private let slots = Mutex(Slots())

    private struct Slots {
        /// One for each scope.
        var cells = Few<SlotCell>()
        /// Whether another entry has taken this one's place.
        var isClosed = false
    }

    /// The slots of `former` move over: a changed name must not make a report about a token miss its slot.
    init(
        connection: Connection, credential: CredentialEntry, place: ProviderPlace,
        fallback: ConnectionEntry? = nil, former: ConnectionEntry?
    ) {
        self.place = place
        self.credential = credential
        self.fallback = fallback
        tenant = connection.tenant
        self.former = connection.former
        keepWarm = connection.keepWarm
        isPending = credential.state == .pending
        isApart = credential.isPlatform && !credential.sharesToken
        origins = connection.origins
        guard let former, former.credential.version == credential.version else { return }
        // Those of a credential that was pending meanwhile have been withdrawn.
        let known = former.slots.withLock { $0.cells }.filter { !$0.isWithdrawn }
        slots.withLock { $0.cells = Few(known) }
    }

    /// As it is stored; but where this is the fallback of another, the present credential is the former one.
    var connection: Connection {
        Connection(
            tenant: tenant, provider: place.profile.id, environment: place.environment,
            credential: credential.id, former: former, origins: origins, keepWarm: keepWarm)
    }

    var environment: ProviderEnvironment { place.environment }
    var isIncomplete: Bool { place.isIncomplete }
    var profile: ProviderProfile { place.profile }

    /// The slot for `scope`, remembered here so that a hit need not look it up in the desk. Nil when this
    /// entry has been replaced meanwhile: it makes no more slots, which nobody would withdraw.
    func cell(scope: String?, desk: TokenDesk) throws(ProfileGap) -> SlotCell? {
        if let cell = knownCell(scope: scope) { return cell }
        let context = FlightContext(
            endpoint: try place.requireEndpoint(), credential: credential, scope: scope)
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

    var choice: ConnectionChoice { place.choice }

    /// The slot for `scope`, if requests have come for it.
    func knownCell(scope: String?) -> SlotCell? {
        slots.withLock { $0.cells.first { $0.context.scope == scope } }
    }

    /// The slots that requests have come for.
    var knownCells: Few<SlotCell> { slots.withLock { $0.cells } }

    /// Whether callers live on the former credential: the provider rejects the present one.
    func isServedByFormer(at now: Instant) -> Bool {
        fallback != nil && knownCells.contains { $0.condition(at: now).stage == .quarantined }
    }
}

/// A client, found by the hash of its secret. In this order its parts take the least memory.
final class ClientEntry: Sendable {
    let id: ClientID
    let environment: ProviderEnvironment?
    let expiresAt: Instant?
    private let heldPepperVersion: Int32
    let secretHash: ClientSecretHash
    let tenants: Few<TenantID>
    let provider: ProviderID?
    /// Where its last request went.
    let trail = Trail()

    init(client: Client) {
        id = client.id
        environment = client.environment
        expiresAt = client.expiresAt
        heldPepperVersion = Int32(client.pepperVersion)
        secretHash = client.secretHash
        tenants = Few(client.tenants)
        provider = client.provider
    }

    var pepperVersion: Int { Int(heldPepperVersion) }

    /// The tenant that a request of this client is for: the one that it names, or the only one there is.
    func tenant(named: TenantID?) -> TenantID? {
        if let named { return tenants.contains(named) ? named : nil }
        return tenants.count == 1 ? tenants[0] : nil
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
