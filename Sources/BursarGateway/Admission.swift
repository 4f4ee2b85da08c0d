// From a request to its connection: who asks, for which tenant, within which limit.
internal import BursarCore

/// A request that was let in.
struct Admitted {
    let caller: ClientEntry
    let tenant: TenantEntry
    /// What to ask the provider for; nil asks for no scope.
    let scope: String?
    let limit: LimitState
    private(set) var connection: ConnectionEntry
    /// Whether `connection` is by the former credential.
    private(set) var isFormer = false

    init(
        caller: ClientEntry, tenant: TenantEntry, scope: String?, limit: LimitState,
        connection: ConnectionEntry
    ) {
        (self.caller, self.tenant, self.scope, self.limit) = (caller, tenant, scope, limit)
        self.connection = connection
    }

    var client: ClientID { caller.id }

    func by(_ fallback: ConnectionEntry) -> Admitted {
        var former = self
        (former.connection, former.isFormer) = (fallback, true)
        return former
    }
}

/// A request that was not, with what is known for its count and headers.
struct Rejection: Error {
    let refusal: Refusal
    /// Whether a look into the store could change it: something was added that memory does not know yet.
    var mayBeStale = false
    var client: ClientID?
    var tenant: TenantID?
    var connection: ConnectionChoice?
    var limit: LimitState?
}

extension Gateway {
    /// The whole way in, from memory. `spent` is the limit's state when this request has paid already, and is
    /// only let in again because memory was behind the store.
    func admit(_ request: TokenRequest, now: Instant, spent: LimitState?) throws(Rejection) -> Admitted {
        let (caller, tenant) = try caller(request.proof, named: request.tenant, now: now)
        let limit =
            if let spent { spent } else { try spend(of: tenant, client: caller.id, now: now) }
        var chosen: ConnectionEntry?
        do throws(Refusal) {
            let connection = try choose(request, caller: caller, tenant: tenant)
            chosen = connection
            try check(connection, origin: request.origin, caller: caller)
            let scope = try scope(request.scope, of: connection)
            return Admitted(
                caller: caller, tenant: tenant, scope: scope, limit: limit, connection: connection)
        } catch {
            throw Rejection(
                refusal: error, mayBeStale: error.mayBeStale, client: caller.id,
                tenant: tenant.id, connection: chosen?.choice, limit: limit)
        }
    }

    /// For whoever has waited: a client that was revoked meanwhile, or whose tenant was suspended, gets
    /// nothing.
    func stillStands(_ admitted: Admitted, _ request: TokenRequest) throws(Rejection) {
        do throws(Rejection) {
            let now = environment.clock.now()
            _ = try caller(request.proof, named: admitted.tenant.id, now: now)
        } catch {
            throw Rejection(
                refusal: error.refusal, client: admitted.client, tenant: admitted.tenant.id,
                connection: admitted.connection.choice, limit: admitted.limit)
        }
    }

    /// Who asks, for an active tenant of theirs.
    func caller(
        _ proof: ClientProof, named: TenantID?, now: Instant
    ) throws(Rejection) -> (ClientEntry, TenantEntry) {
        let caller = try authenticate(proof, named: named, now: now)
        return (caller.client, try active(caller.tenant, of: caller.client, named: named))
    }

    /// `tenant` is what was found for the one that the client named, or for its only one.
    func active(
        _ tenant: TenantEntry?, of caller: ClientEntry, named: TenantID?
    ) throws(Rejection) -> TenantEntry {
        guard let tenant else {
            guard named != nil || caller.tenants.count == 1 else {
                throw Rejection(refusal: .tenantNotNamed, client: caller.id)
            }
            throw Rejection(refusal: .tenantNotTheirs, mayBeStale: true, client: caller.id)
        }
        guard tenant.terms.state == .active else {
            throw Rejection(
                refusal: .tenantSuspended, client: caller.id, tenant: tenant.id)
        }
        return tenant
    }

    /// Garbage is refused by its checksum, before anything is hashed or looked up.
    func authenticate(
        _ proof: ClientProof, named: TenantID? = nil, now: Instant
    ) throws(Rejection) -> Directory.Caller {
        guard proof.secret.withBytes({ ClientSecretFormat.isWellFormed($0) }) else {
            throw Rejection(refusal: .clientUnknown)
        }
        guard let caller = directory.caller(secret: proof.secret, named: named) else {
            // With a pepper that does not open, nobody can say whether the client is known.
            if directory.isBlind { throw Rejection(refusal: .directoryUnavailable) }
            throw Rejection(refusal: .clientUnknown, mayBeStale: true)
        }
        let client = caller.client
        guard proof.clientID.map({ $0.withBytes { ClientID($0) } == client.id }) ?? true,
            client.expiresAt.map({ now < $0 }) ?? true
        else { throw Rejection(refusal: .clientUnknown) }
        return caller
    }

    func spend(
        of tenant: TenantEntry, client: ClientID, now: Instant
    ) throws(Rejection) -> LimitState {
        let limit = tenant.terms.limit
        let (decision, isNoticed) = tenant.bucket.spend(now: now)
        if isNoticed { quota.watch(tenant) }
        switch decision {
        case .allowed(let remaining, let reset):
            return LimitState(limit: limit, remaining: remaining, reset: reset)
        case .denied(let retryAfter, let reset):
            throw Rejection(
                refusal: .limited(retryAfter: retryAfter), client: client, tenant: tenant.id,
                limit: LimitState(limit: limit, remaining: 0, reset: reset))
        }
    }

    /// As the request says; else the client's own default; else the only one there is. Production is never
    /// guessed: where a choice remains, the caller is asked (docs/API.md section 4).
    private func choose(
        _ request: TokenRequest, caller: ClientEntry, tenant: TenantEntry
    ) throws(Refusal) -> ConnectionEntry {
        let provider = request.provider ?? caller.provider
        let environment = request.environment ?? caller.environment
        var chosen: ConnectionEntry?
        for index in tenant.connections.indices
        where (provider == nil || tenant.connections[index].profile.id == provider)
            && (environment == nil || tenant.connections[index].environment == environment)
        {
            guard chosen == nil else { throw .targetAmbiguous(tenant.choices) }
            chosen = tenant.connections[index]
        }
        guard let chosen else { throw .targetUnknown(tenant.choices) }
        if environment == nil, chosen.environment == .production, tenant.connections.count > 1 {
            throw .targetAmbiguous(tenant.choices)
        }
        return chosen
    }

    func check(_ entry: ConnectionEntry, origin: String?, caller: ClientEntry) throws(Refusal) {
        if let origin, !entry.origins.isEmpty, !entry.origins.contains(origin) {
            throw .originRefused
        }
        if entry.isApart {
            let acting = directory.tenants(of: entry.credential.id)
            guard acting.isSubset(of: caller.tenants) else { throw .sharedTokenRefused }
        }
        guard !entry.isPending else { throw .credentialPending }
        guard !entry.isIncomplete else { throw .profileIncomplete }
    }

    private func scope(_ requested: String?, of entry: ConnectionEntry) throws(Refusal) -> String? {
        do throws(UnknownScope) {
            return try entry.profile.scopes.resolve(requested)
        } catch {
            throw .scopeUnknown(error.scope)
        }
    }
}

extension Refusal {
    /// Whether something that was added since could change it.
    var mayBeStale: Bool {
        switch self {
        case .clientUnknown, .tenantNotTheirs, .targetUnknown, .credentialPending, .sharedTokenRefused,
            .originRefused:
            true
        case .tenantNotNamed, .tenantSuspended, .targetAmbiguous, .scopeUnknown, .limited,
            .credentialRejected, .profileIncomplete, .scopedUnsupported, .memberMissing, .unavailable,
            .directoryUnavailable, .statementUnrecorded:
            false
        }
    }
}
