// The people and things of the configuration: tenants, their clients, their connections and credentials.

/// A merchant.
package struct Tenant: Sendable, Hashable {
    package enum State: String, Sendable, CaseIterable { case active, suspended }

    package let id: TenantID
    package var name: String
    package var state: State
    package var limit: RateLimit

    package init(id: TenantID, name: String, state: State, limit: RateLimit) {
        self.id = id
        self.name = name
        self.state = state
        self.limit = limit
    }

    package var terms: TenantTerms { TenantTerms(id: id, state: state, limit: limit) }
}

/// What requests need to know of a merchant.
package struct TenantTerms: Sendable, Hashable {
    package let id: TenantID
    package let state: Tenant.State
    package let limit: RateLimit

    package init(id: TenantID, state: Tenant.State, limit: RateLimit) {
        self.id = id
        self.state = state
        self.limit = limit
    }
}

/// A merchant backend's credential with Bursar. It acts for one tenant or several.
package struct Client: Sendable, Hashable {
    package let id: ClientID
    /// HMAC-SHA-256 of the secret under the pepper of `pepperVersion`.
    package let secretHash: ClientSecretHash
    package let pepperVersion: Int
    package var tenants: [TenantID]
    package var provider: ProviderID?
    package var environment: ProviderEnvironment?
    package var expiresAt: Instant?

    package init(
        id: ClientID, secretHash: ClientSecretHash, pepperVersion: Int, tenants: [TenantID],
        provider: ProviderID?, environment: ProviderEnvironment?, expiresAt: Instant?
    ) {
        self.id = id
        self.secretHash = secretHash
        self.pepperVersion = pepperVersion
        self.tenants = tenants
        self.provider = provider
        self.environment = environment
        self.expiresAt = expiresAt
    }
}

/// A tenant's way to one provider in one environment.
package struct Connection: Sendable, Hashable {
    package let tenant: TenantID
    package let provider: ProviderID
    package let environment: ProviderEnvironment
    package var credential: CredentialID
    /// What `credential` replaced, kept for the overlap.
    package var former: CredentialID?
    /// Browser origins that may be named (PROVIDERS P3); empty means that none is asked for.
    package var origins: [String]
    /// Renew even when nobody asks.
    package var keepWarm: Bool

    package init(
        tenant: TenantID, provider: ProviderID, environment: ProviderEnvironment, credential: CredentialID,
        former: CredentialID? = nil, origins: [String], keepWarm: Bool
    ) {
        self.tenant = tenant
        self.provider = provider
        self.environment = environment
        self.credential = credential
        self.former = former
        self.origins = origins
        self.keepWarm = keepWarm
    }
}

/// Id and secret with a provider, the secret sealed or referred to.
package struct Credential: Sendable, Hashable {
    /// - pending: applied for, or not yet verified (PROVIDERS P5) → active, rejected
    /// - active: in use → retiring, rejected
    /// - retiring: replaced, kept for the overlap → active, or deleted
    /// - rejected: the provider said `invalid_client`; tried again only after its quarantine → active
    package enum State: String, Sendable, CaseIterable { case pending, active, retiring, rejected }

    package enum Source: Sendable, Hashable {
        case sealed(SealedValue)
        /// `file:NAME` or `env:NAME` (PROVIDERS T4).
        case reference(String)
        /// Pending without a secret yet.
        case missing
    }

    package let id: CredentialID
    package let owner: OwnerID
    package let provider: ProviderID
    package let environment: ProviderEnvironment
    package var version: Int
    package var clientID: String?
    package var secret: Source
    package var state: State
    /// Whether its token may go to a client that acts for only some of its tenants (PROVIDERS B5).
    package var sharesToken: Bool
    /// Whether several tenants share it.
    package var isPlatform: Bool

    package init(
        id: CredentialID, owner: OwnerID, provider: ProviderID, environment: ProviderEnvironment,
        version: Int,
        clientID: String?, secret: Source, state: State, sharesToken: Bool, isPlatform: Bool
    ) {
        self.id = id
        self.owner = owner
        self.provider = provider
        self.environment = environment
        self.version = version
        self.clientID = clientID
        self.secret = secret
        self.state = state
        self.sharesToken = sharesToken
        self.isPlatform = isPlatform
    }

    /// Where the sealed secret stands.
    package static func secretPlace(
        owner: OwnerID, provider: ProviderID, id: CredentialID, version: Int
    ) -> SealedPlace {
        SealedPlace(
            table: "credential", column: "secret", owner: owner, provider: provider, row: id.description,
            version: version)
    }
}
