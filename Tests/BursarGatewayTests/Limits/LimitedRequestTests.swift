// The tenant's limit: spent once for each request, whichever way it went.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct LimitedRequestTests {
    let fixture = GatewayFixture()

    private func addMerchant(burst: Int) -> TestMerchant {
        fixture.addMerchant(limit: RateLimit(count: 1, period: .seconds(3_600), burst: burst)!)
    }

    @Test func beyondTheBurstRequestsAreRefusedAndTheProviderIsLeftAlone() throws {
        let merchant = addMerchant(burst: 5)
        for left in (0..<5).reversed() {
            let answer = try #require(fixture.ask(merchant.client.request).answer)
            #expect(answer.value != nil && answer.limit?.remaining == left)
        }
        let answer = try #require(fixture.ask(merchant.client.request).answer)
        #expect(answer.refusal == .limited(retryAfter: .seconds(3_600)))
        #expect(answer.limit?.remaining == 0 && answer.limit?.reset == .seconds(5 * 3_600))
        fixture.advance(by: .seconds(3_600))
        #expect(fixture.ask(merchant.client.request).served != nil)
    }

    @Test func aRequestThatWaitsSpendsOnce() throws {
        let merchant = addMerchant(burst: 3)
        fixture.provider.behave { _ in .hold }
        let waiting = (0..<2).map { _ in fixture.ask(merchant.client.request) }
        fixture.provider.release()
        fixture.settle()
        #expect(waiting.map { $0.answer?.limit?.remaining } == [2, 1])
        #expect(fixture.ask(merchant.client.request).answer?.limit?.remaining == 0)
    }

    @Test func aRequestThatWasLookedUpSpendsOnce() throws {
        let merchant = addMerchant(burst: 3)
        let newcomer = fixture.addClient(of: [merchant.tenant])
        #expect(fixture.ask(newcomer.request).answer?.limit?.remaining == 2)
        var request = merchant.client.request
        request.provider = ProviderProfile.phoenix.id
        let refused = try #require(fixture.ask(request).answer)
        #expect(
            refused.refusal
                == .targetUnknown([.init(provider: ProviderProfile.zertiban.id, environment: .sandbox)]))
        #expect(refused.limit?.remaining == 1, "looked up, refused, and spent once")
        #expect(fixture.ask(newcomer.request).answer?.limit?.remaining == 0)
    }

    @Test func aRequestWhoseCredentialWasReplacedMeanwhileSpendsOnce() throws {
        let merchant = addMerchant(burst: 3)
        fixture.provider.behave { _ in .hold }
        let pending = fixture.ask(merchant.client.request)
        fixture.provider.recover()
        fixture.rotate(merchant.credential, to: "secret-of-\(merchant.account)")
        fixture.follow()
        fixture.settle()
        #expect(pending.served != nil && pending.answer?.limit?.remaining == 2)
        #expect(fixture.ask(merchant.client.request).answer?.limit?.remaining == 1)
    }

    @Test func oneTenantsSpendingIsNotAnothers() {
        let (first, second) = (addMerchant(burst: 1), addMerchant(burst: 1))
        #expect(fixture.ask(first.client.request).served != nil)
        #expect(fixture.ask(first.client.request).served == nil)
        #expect(fixture.ask(second.client.request).served != nil)
    }

    @Test func allClientsOfATenantShareItsLimit() {
        let merchant = addMerchant(burst: 1)
        let second = fixture.addClient(of: [merchant.tenant])
        fixture.follow()
        #expect(fixture.ask(merchant.client.request).served != nil)
        #expect(fixture.ask(second.request).served == nil)
    }

    @Test func strangersSpendNothingOfATenant() {
        let merchant = addMerchant(burst: 1)
        var request = merchant.client.request
        request.proof = ClientProof(clientID: merchant.client.id.text, secret: Secret("brs_wrong"))
        for _ in 0..<50 { #expect(fixture.ask(request).answer?.limit == nil) }
        #expect(fixture.ask(merchant.client.request).served != nil)
    }

    @Test func spendingOutlivesChangesOfTheConfiguration() {
        let merchant = addMerchant(burst: 1)
        #expect(fixture.ask(merchant.client.request).served != nil)
        fixture.changeTenant(merchant.tenant) { $0.name = "Renamed" }
        fixture.follow()
        #expect(fixture.ask(merchant.client.request).served == nil)
        fixture.changeTenant(merchant.tenant) { $0.name = "Renamed again" }
        fixture.directory.forgetHistory()
        fixture.follow()
        #expect(fixture.ask(merchant.client.request).served == nil, "also when everything is read anew")
    }

    @Test func aReportSpendsTooAndScopedTokensDo() {
        let merchant = addMerchant(burst: 2)
        let report = fixture.report(Secret("unknown"), by: merchant.client)
        fixture.settle()
        #expect(report.value?.limit?.remaining == 1)
        #expect(fixture.ask(merchant.client.request).served != nil)
        let second = fixture.report(Secret("unknown"), by: merchant.client)
        fixture.settle()
        guard case .limited = second.value?.refusal else {
            Issue.record("nothing is left to spend")
            return
        }
    }
}
