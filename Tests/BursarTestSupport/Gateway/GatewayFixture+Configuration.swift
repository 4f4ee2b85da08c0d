// What an operator would type, for a gateway under test.
package import BursarCore
package import BursarGateway
internal import BursarVault

/// A merchant backend with its secret in plain sight.
package struct TestClient: Sendable {
    package let id: ClientID
    package let secret: Secret
    package let tenants: [TenantID]

    package init(id: ClientID, secret: Secret, tenants: [TenantID]) {
        self.id = id
        self.secret = secret
        self.tenants = tenants
    }

    /// As HTTP Basic would state it.
    package var proof: ClientProof { ClientProof(clientID: id.text, secret: secret) }

    /// A request by this client for its only connection.
    package var request: TokenRequest { TokenRequest(proof: proof) }

    package func request(_ demand: TokenDemand) -> TokenRequest { TokenRequest(proof: proof, demand: demand) }
}

/// A tenant with one connection, its credential and one client: what most tests need.
package struct TestMerchant: Sendable {
    package let tenant: TenantID
    package let credential: CredentialID
    /// The id under which the provider knows the credential.
    package let account: String
    package let client: TestClient
}

extension GatewayFixture {
    /// Enrols a tenant with one connection and one client, and has the gateway read it.
    package func addMerchant(
        _ profile: ProviderProfile = .zertiban, environment: ProviderEnvironment = .sandbox,
        lifetime: Duration = .seconds(300), limit: RateLimit? = nil
    ) -> TestMerchant {
        let tenant = addTenant(limit: limit)
        let (credential, account) = addCredential(
            owner: OwnerID(tenant), profile, environment: environment, lifetime: lifetime)
        connect(tenant, to: credential)
        let client = addClient(of: [tenant])
        follow()
        return TestMerchant(tenant: tenant, credential: credential, account: account, client: client)
    }

    /// Has the gateway read what changed.
    package func follow() {
        let gateway = gateway
        _ = run { await gateway.follow() }
    }

    /// A limit that no test reaches by accident.
    package static let generous = RateLimit(count: 1_000_000, period: .seconds(1), burst: 1_000_000)!

    package func addTenant(limit: RateLimit? = nil) -> TenantID {
        let id = TenantID(makeID())
        let key = makeDataKey(of: OwnerID(id))
        directory.change { tables in
            tables.tenants[id] = Tenant(
                id: id, name: "Tenant \(id)", state: .active, limit: limit ?? GatewayFixture.generous)
            tables.dataKeys[OwnerID(id)] = [key]
            tables.touch(id)
        }
        return id
    }

    package func changeTenant(_ id: TenantID, _ body: (inout Tenant) -> Void) {
        directory.change { tables in
            if var tenant = tables.tenants[id] {
                body(&tenant)
                tables.tenants[id] = tenant
            }
            tables.touch(id)
        }
    }

    /// A credential with an account at the provider.
    package func addCredential(
        owner: OwnerID, _ profile: ProviderProfile, environment: ProviderEnvironment = .sandbox,
        lifetime: Duration = .seconds(300), state: Credential.State = .active, isPlatform: Bool = false,
        sharesToken: Bool = false
    ) -> (id: CredentialID, account: String) {
        let id = CredentialID(makeID())
        let account = "client-\(hexText(id.uuid.bytes.suffix(4)))"
        let secret = "secret-of-\(account)"
        provider.setAccount(
            ScriptedProvider.Account(
                secret: secret, lifetime: lifetime,
                refreshLifetime: profile.refresh == nil ? nil : .seconds(86_400)),
            of: account)
        let key = isPlatform ? makeDataKey(of: owner) : nil
        directory.change { tables in
            if let key { tables.dataKeys[owner] = [key] }
            let sealed = seal(secret, owner, profile.id, id, version: 1, with: tables.dataKeys[owner]!.last!)
            tables.credentials[id] = Credential(
                id: id, owner: owner, provider: profile.id, environment: environment, version: 1,
                clientID: account, secret: .sealed(sealed), state: state, sharesToken: sharesToken,
                isPlatform: isPlatform)
            tables.touch(id)
        }
        return (id, account)
    }

    /// `connection set`.
    package func connect(
        _ tenant: TenantID, to credential: CredentialID, origins: [String] = [], keepWarm: Bool = false
    ) {
        directory.change { tables in
            guard let found = tables.credentials[credential] else { return }
            tables.connect(
                Connection(
                    tenant: tenant, provider: found.provider, environment: found.environment,
                    credential: credential, origins: origins, keepWarm: keepWarm))
        }
    }

    /// `client issue`.
    package func addClient(
        of tenants: [TenantID], provider: ProviderID? = nil, environment: ProviderEnvironment? = nil,
        expiresAt: Instant? = nil
    ) -> TestClient {
        let (id, secret) = Vault.makeClient()
        return addClient(
            id, secret, of: tenants, provider: provider, environment: environment, expiresAt: expiresAt)
    }

    /// The same with an id and a secret that are known before.
    @discardableResult
    package func addClient(
        _ id: ClientID, _ secret: Secret, of tenants: [TenantID], provider: ProviderID? = nil,
        environment: ProviderEnvironment? = nil, expiresAt: Instant? = nil
    ) -> TestClient {
        directory.change { tables in
            // Made by this very vault.
            let hasher = try! vault.clientSecretHasher(pepper: tables.peppers[0])
            tables.clients[id] = Client(
                id: id, secretHash: hasher.hash(secret.reveal()), pepperVersion: hasher.version,
                tenants: tenants,
                provider: provider, environment: environment, expiresAt: expiresAt)
            tables.touch(id)
        }
        return TestClient(id: id, secret: secret, tenants: tenants)
    }

    /// `credential set` on one that is there: its secret here, whatever the provider says.
    package func rotate(_ credential: CredentialID, to secret: String) {
        directory.change { tables in
            guard var found = tables.credentials[credential] else { return }
            found.version += 1
            let key = tables.dataKeys[found.owner]!.last!
            found.secret = .sealed(
                seal(secret, found.owner, found.provider, credential, version: found.version, with: key))
            found.state = .active
            tables.credentials[credential] = found
            tables.touch(credential)
        }
    }

    /// The same with another id at the provider; returns it.
    package func replaceAccount(of credential: CredentialID, lifetime: Duration = .seconds(300)) -> String {
        let account = "client-\(hexText(makeID().bytes.suffix(6)))"
        provider.setAccount(
            ScriptedProvider.Account(secret: "secret-of-\(account)", lifetime: lifetime), of: account)
        rotate(credential, to: "secret-of-\(account)")
        changeCredential(credential) { $0.clientID = account }
        return account
    }

    /// Changes a credential and says so, as every command on one does.
    package func changeCredential(_ id: CredentialID, _ body: (inout Credential) -> Void) {
        directory.change { tables in
            if var credential = tables.credentials[id] {
                body(&credential)
                tables.credentials[id] = credential
            }
            tables.touch(id)
        }
    }

    // MARK: Asking

    /// Asks and lets the work settle; the answer may still be to come.
    @discardableResult
    package func ask(_ request: TokenRequest, of replica: Gateway? = nil) -> PendingAnswer<ServedToken> {
        let pending = begin(request, of: replica)
        settle()
        return pending
    }

    /// Asks without letting anything run.
    @discardableResult
    package func begin(_ request: TokenRequest, of replica: Gateway? = nil) -> PendingAnswer<ServedToken> {
        let pending = PendingAnswer<ServedToken>()
        pending.waiting = (replica ?? gateway).token(request, respond: pending.respond)
        return pending
    }

    /// A merchant's report that the provider rejected `token`.
    package func report(_ token: Secret, by client: TestClient, tenant: TenantID? = nil) -> Eventually<
        Answer<Void>
    > {
        let gateway = gateway
        return start { await gateway.reportRejected(token, proof: client.proof, tenant: tenant) }
    }

    package func scoped(_ request: ScopedRequest) -> Eventually<Answer<ServedScopedToken>> {
        let gateway = gateway
        return start { await gateway.scopedToken(request) }
    }

    /// Hands the counts over, as the service does every second.
    package func flush() {
        let gateway = gateway
        _ = run { await gateway.flushUsage() }
    }

    // MARK: Sealing

    package func makePepper() {
        // The keyring is our own.
        let pepper = try! vault.makeDataKey(owner: Vault.pepperOwner, version: 1)
        directory.change { $0.peppers = [pepper] }
    }

    /// `keys rewrap`, for one owner or for all; the peppers go along.
    package func rewrap(under keyID: String, of only: OwnerID? = nil) {
        directory.change { tables in
            for (owner, keys) in tables.dataKeys where only == nil || owner == only {
                // Made by this very vault, as the peppers are.
                tables.dataKeys[owner] = keys.map { try! vault.rewrap($0, under: keyID) }
                tables.touch(owner)
            }
            // See above.
            tables.peppers = tables.peppers.map { try! vault.rewrap($0, under: keyID) }
        }
    }

    private func makeID() -> UUIDValue { .version7(at: clock.now(), random: (random.next(), random.next())) }

    private func makeDataKey(of owner: OwnerID) -> WrappedDataKey {
        // The keyring is our own.
        try! vault.makeDataKey(owner: owner, version: 1)
    }

    private func seal(
        _ secret: String, _ owner: OwnerID, _ provider: ProviderID, _ id: CredentialID, version: Int,
        with key: WrappedDataKey
    ) -> SealedValue {
        let place = Credential.secretPlace(owner: owner, provider: provider, id: id, version: version)
        // The key is one of this vault.
        return try! vault.seal(Secret(secret), with: key, at: place)
    }
}
