// Who gets in, for which tenant and which connection.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct AdmissionTests {
    let fixture = GatewayFixture()
    let merchant: TestMerchant

    init() { merchant = fixture.addMerchant() }

    private func refusal(_ request: TokenRequest) -> Refusal? { fixture.ask(request).refusal }

    private func with(_ body: (inout TokenRequest) -> Void) -> TokenRequest {
        var request = merchant.client.request
        body(&request)
        return request
    }

    // MARK: Clients

    @Test func theSecretAloneIsEnoughAndAWrongIDBesideItIsNot() {
        let bearer = with { $0.proof = ClientProof(clientID: nil, secret: merchant.client.secret) }
        #expect(fixture.ask(bearer).served != nil)
        let wrong = with {
            $0.proof = ClientProof(clientID: "brc_00000000000000000000", secret: merchant.client.secret)
        }
        #expect(refusal(wrong) == .clientUnknown)
    }

    @Test func garbageIsRefusedWithoutALook() {
        let calls = fixture.directory.availability.calls
        for text in [
            "", "x", "brs_" + String(repeating: "a", count: 38), merchant.client.secret.revealText() + "x",
        ] {
            #expect(
                refusal(with { $0.proof = ClientProof(clientID: nil, secret: Secret(text)) })
                    == .clientUnknown)
        }
        #expect(fixture.directory.availability.calls == calls)
    }

    @Test func anExpiredClientIsUnknown() {
        let client = fixture.addClient(of: [merchant.tenant], expiresAt: fixture.clock.now() + .seconds(60))
        #expect(fixture.ask(client.request).served != nil)
        fixture.advance(by: .seconds(59))
        #expect(fixture.ask(client.request).served != nil)
        fixture.advance(by: .seconds(1))
        #expect(refusal(client.request) == .clientUnknown)
    }

    @Test func aRevokedClientStopsWithinFiveSeconds() {
        #expect(fixture.ask(merchant.client.request).served != nil)
        fixture.directory.change { tables in
            tables.clients[merchant.client.id] = nil
            tables.touch(merchant.client.id)
        }
        fixture.advance(by: .seconds(5))
        #expect(refusal(merchant.client.request) == .clientUnknown)
    }

    // MARK: Tenants

    @Test func aSuspendedTenantIsRefusedAndItsReturnIsServed() {
        fixture.changeTenant(merchant.tenant) { $0.state = .suspended }
        fixture.advance(by: .seconds(5))
        #expect(refusal(merchant.client.request) == .tenantSuspended)
        fixture.changeTenant(merchant.tenant) { $0.state = .active }
        fixture.advance(by: .seconds(5))
        #expect(fixture.ask(merchant.client.request).served != nil)
    }

    @Test func aForeignTenantIsRefused() {
        let other = fixture.addMerchant()
        #expect(refusal(with { $0.tenant = other.tenant }) == .tenantNotTheirs)
        #expect(refusal(with { $0.tenant = TenantID(UUIDValue(high: 0, low: 1)) }) == .tenantNotTheirs)
        #expect(fixture.ask(with { $0.tenant = merchant.tenant }).served?.tenant == merchant.tenant)
    }

    @Test func whoActsForSeveralTenantsHasToNameOne() {
        let other = fixture.addMerchant()
        let client = fixture.addClient(of: [merchant.tenant, other.tenant])
        fixture.follow()
        #expect(refusal(client.request) == .tenantNotNamed)
        for tenant in [merchant, other] {
            var request = client.request
            request.tenant = tenant.tenant
            let served = fixture.ask(request).served
            #expect(served?.tenant == tenant.tenant)
            #expect(fixture.provider.holder(of: served!.token.access) == tenant.account)
        }
    }

    // MARK: Platform credentials

    private func addPlatform(sharesToken: Bool) -> (tenants: [TenantID], account: String) {
        let tenants = [fixture.addTenant(), fixture.addTenant()]
        let owner = OwnerID(UUIDValue(high: 77, low: 77))
        let (credential, account) = fixture.addCredential(
            owner: owner, .zertiban, isPlatform: true, sharesToken: sharesToken)
        for tenant in tenants { fixture.connect(tenant, to: credential) }
        return (tenants, account)
    }

    @Test func aPlatformsTokenGoesOnlyToClientsThatActForAllOfItsTenants() {
        let (tenants, account) = addPlatform(sharesToken: false)
        let part = fixture.addClient(of: [tenants[0]])
        let whole = fixture.addClient(of: tenants)
        fixture.follow()
        #expect(refusal(part.request) == .sharedTokenRefused)
        for tenant in tenants {
            var request = whole.request
            request.tenant = tenant
            let served = fixture.ask(request).served
            #expect(served?.tenant == tenant)
            #expect(fixture.provider.holder(of: served!.token.access) == account)
        }
        #expect(fixture.provider.calls.count == 1, "one token for all")
        fixture.flush()
        #expect(
            tenants.map { tenant in
                fixture.usage.answered.filter { $0.key.tenant == tenant }.values.reduce(0, +)
            } == [2, 1])
    }

    @Test func whereSharingWasAcceptedEveryTenantsClientGetsIt() {
        let (tenants, _) = addPlatform(sharesToken: true)
        let part = fixture.addClient(of: [tenants[0]])
        fixture.follow()
        #expect(fixture.ask(part.request).served != nil)
    }

    @Test func aTenantThatJoinsThePlatformTakesTheTokenFromThoseWhoDoNotActForIt() {
        let (tenants, _) = addPlatform(sharesToken: false)
        let whole = fixture.addClient(of: tenants)
        fixture.follow()
        var request = whole.request
        request.tenant = tenants[0]
        #expect(fixture.ask(request).served != nil)
        let third = fixture.addTenant()
        let credential = fixture.directory.change { tables in
            tables.connections.values.first { $0.tenant == tenants[0] }!.credential
        }
        fixture.connect(third, to: credential)
        fixture.follow()
        #expect(refusal(request) == .sharedTokenRefused)
    }

    // MARK: Connections

    private func connect(_ profile: ProviderProfile, _ environment: ProviderEnvironment) {
        let (credential, _) = fixture.addCredential(
            owner: OwnerID(merchant.tenant), profile, environment: environment)
        fixture.connect(merchant.tenant, to: credential)
        fixture.follow()
    }

    private func choice(_ profile: ProviderProfile, _ environment: ProviderEnvironment) -> ConnectionChoice {
        ConnectionChoice(provider: profile.id, environment: environment)
    }

    @Test func theOnlyConnectionNeedsNoName() {
        let served = fixture.ask(merchant.client.request).served
        #expect(served?.provider == ProviderProfile.zertiban.id && served?.environment == .sandbox)
    }

    @Test func evenTheOnlyConnectionIsNotTakenForAnother() {
        let choices = [choice(.zertiban, .sandbox)]
        #expect(refusal(with { $0.provider = ProviderProfile.zatlas.id }) == .targetUnknown(choices))
        #expect(refusal(with { $0.environment = .production }) == .targetUnknown(choices))
    }

    @Test func severalThatFitAreListed() {
        connect(.zatlas, .sandbox)
        guard case .targetAmbiguous(let choices) = refusal(merchant.client.request) else {
            Issue.record("two connections fit")
            return
        }
        #expect(Set(choices) == [choice(.zertiban, .sandbox), choice(.zatlas, .sandbox)])
        #expect(
            fixture.ask(with { $0.provider = ProviderProfile.zatlas.id }).served?.provider
                == ProviderProfile.zatlas.id)
    }

    @Test func productionIsNeverGuessed() {
        connect(.zertiban, .production)
        connect(.zatlas, .production)
        for request in [
            merchant.client.request, with { $0.provider = ProviderProfile.zertiban.id },
            with { $0.provider = ProviderProfile.zatlas.id },
        ] {
            guard case .targetAmbiguous = refusal(request) else {
                Issue.record("a choice remains, and production was made it")
                return
            }
        }
        let named = with { ($0.provider, $0.environment) = (ProviderProfile.zertiban.id, .production) }
        #expect(fixture.ask(named).served?.environment == .production)
    }

    @Test func theOnlyConnectionIsServedThoughItIsProduction() {
        let other = fixture.addMerchant(.zatlas, environment: .production)
        #expect(fixture.ask(other.client.request).served?.environment == .production)
    }

    @Test func theClientsOwnDefaultChoosesAndTheRequestOverrulesIt() {
        connect(.zertiban, .production)
        let client = fixture.addClient(
            of: [merchant.tenant], provider: ProviderProfile.zertiban.id, environment: .production)
        fixture.follow()
        #expect(fixture.ask(client.request).served?.environment == .production)
        var request = client.request
        request.environment = .sandbox
        #expect(fixture.ask(request).served?.environment == .sandbox)
    }

    @Test func anOriginThatIsNotListedIsRefused() {
        fixture.connect(merchant.tenant, to: merchant.credential, origins: ["https://shop.example"])
        fixture.follow()
        #expect(fixture.ask(merchant.client.request).served != nil, "none is stated")
        #expect(fixture.ask(with { $0.origin = "https://shop.example" }).served != nil)
        for origin in [
            "https://evil.example", "http://shop.example", "https://shop.example.evil", "null", "",
        ] {
            #expect(refusal(with { $0.origin = origin }) == .originRefused)
        }
    }

    @Test func aConnectionWithoutOriginsTakesAny() {
        #expect(fixture.ask(with { $0.origin = "https://any.example" }).served != nil)
    }

    @Test func scopesAreAllowedIgnoredOrRefused() {
        #expect(fixture.ask(with { $0.scope = "openid profile api" }).served?.scope == nil)
        #expect(fixture.ask(with { $0.scope = "refunds payments" }).served?.scope == "payments refunds")
        #expect(refusal(with { $0.scope = "payments admin" }) == .scopeUnknown("admin"))
    }

    @Test func aPendingCredentialSaysSo() {
        let tenant = fixture.addTenant()
        let (credential, _) = fixture.addCredential(owner: OwnerID(tenant), .phoenix, state: .pending)
        fixture.connect(tenant, to: credential)
        let client = fixture.addClient(of: [tenant])
        #expect(refusal(client.request) == .credentialPending)
        #expect(fixture.provider.calls.isEmpty)
        fixture.changeCredential(credential) { $0.state = .active }
        fixture.advance(by: .seconds(3))
        #expect(fixture.ask(client.request).served != nil)
    }

    @Test func aProfileThatLacksItsHostSaysSo() {
        var profile = ProviderProfile.phoenix
        profile.environments = [.sandbox: String?.none]
        var options = GatewayFixture.Options()
        options.profiles[profile.id] = profile
        let fixture = GatewayFixture(options)
        let merchant = fixture.addMerchant(profile)
        #expect(fixture.ask(merchant.client.request).refusal == .profileIncomplete)
    }
}
