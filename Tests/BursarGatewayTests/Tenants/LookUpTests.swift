// What a command adds works at once, and nobody can make the database work by guessing.
import BursarCore
import BursarGateway
import BursarTestSupport
import BursarVault
import Testing

@Suite struct LookUpTests {
    let fixture = GatewayFixture()
    let merchant: TestMerchant

    init() { merchant = fixture.addMerchant() }

    private var reads: Int { fixture.directory.availability.calls }

    private func stranger() -> TokenRequest {
        TokenRequest(proof: ClientProof(clientID: nil, secret: Vault.makeClient().secret))
    }

    @Test func aClientAddedJustNowWorksAtOnce() {
        let client = fixture.addClient(of: [merchant.tenant])
        #expect(fixture.ask(client.request).served != nil)
    }

    @Test func aConnectionAddedJustNowWorksAtOnce() {
        let (credential, _) = fixture.addCredential(owner: OwnerID(merchant.tenant), .zatlas)
        fixture.connect(merchant.tenant, to: credential)
        var request = merchant.client.request
        request.provider = ProviderProfile.zatlas.id
        #expect(fixture.ask(request).served?.provider == ProviderProfile.zatlas.id)
    }

    @Test func aTenantAddedToAClientJustNowWorksAtOnce() {
        let other = fixture.addMerchant()
        fixture.directory.change { tables in
            tables.clients[merchant.client.id]?.tenants.append(other.tenant)
            tables.touch(merchant.client.id)
        }
        var request = merchant.client.request
        request.tenant = other.tenant
        #expect(fixture.ask(request).served?.tenant == other.tenant)
    }

    @Test func aClientWithoutTenantsIsRefusedQuietly() {
        let client = fixture.addClient(of: [])
        #expect(fixture.ask(client.request).refusal == .tenantNotNamed)
    }

    @Test func aHerdOfANewClientsRequestsIsAnsweredByTwoReads() {
        let client = fixture.addClient(of: [merchant.tenant])
        let before = reads
        let answers = (0..<500).map { _ in fixture.begin(client.request) }
        fixture.settle()
        #expect(answers.allSatisfy { $0.count == 1 && $0.served != nil })
        #expect(reads - before <= 2)
    }

    @Test func atMostFiftyLookUpsAreMadeInASecond() {
        fixture.advance(by: .seconds(10))
        let before = reads
        for _ in 0..<500 { #expect(fixture.ask(stranger()).refusal == .clientUnknown) }
        #expect(reads - before == 50)
        fixture.advance(by: .seconds(1))
        for _ in 0..<500 { fixture.ask(stranger()) }
        #expect(reads - before <= 50 + 50 + 1, "the poll reads too")
    }

    @Test func aRefusalIsRememberedForASecond() {
        let request = stranger()
        let before = reads
        for _ in 0..<100 { #expect(fixture.ask(request).refusal == .clientUnknown) }
        #expect(reads - before == 1)
        fixture.advance(by: .milliseconds(999))
        let later = reads
        fixture.ask(request)
        #expect(reads == later)
        fixture.advance(by: .milliseconds(1))
        let again = reads
        fixture.ask(request)
        #expect(reads == again + 1)
    }

    @Test func whoWasRefusedAndThenAddedWorksWithinASecond() {
        let tenant = merchant.tenant
        let (id, secret) = Vault.makeClient()
        let request = TokenRequest(proof: ClientProof(clientID: id.text, secret: secret))
        #expect(fixture.ask(request).refusal == .clientUnknown)
        fixture.addClient(id, secret, of: [tenant])
        fixture.advance(by: .seconds(1))
        #expect(fixture.ask(request).served != nil)
    }

    @Test func aCallerWhoLeavesDuringTheLookUpIsNotAnswered() {
        let pending = fixture.begin(stranger())
        pending.cancel()
        fixture.settle()
        #expect(pending.count == 0)
        fixture.flush()
        #expect(fixture.usage.sum == 0, "nor counted")
    }

    @Test func hitsNeverReadTheStore() {
        fixture.ask(merchant.client.request)
        let (before, leases) = (reads, fixture.tokens.availability.calls)
        for _ in 0..<1_000 { fixture.ask(merchant.client.request) }
        #expect(reads == before && fixture.tokens.availability.calls == leases)
    }

    @Test func reportsAndScopedTokensLookUpToo() {
        let (id, secret) = Vault.makeClient()
        fixture.addClient(id, secret, of: [merchant.tenant])
        let client = TestClient(id: id, secret: secret, tenants: [merchant.tenant])
        let report = fixture.report(Secret("unknown"), by: client)
        fixture.settle()
        #expect(report.value != nil && report.value?.refusal == nil)
    }
}
