// Promise 1: however many want a token that is not there, the provider is asked once.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct HerdTests {
    let fixture = GatewayFixture()

    @Test func fiveHundredConcurrentRequestsOnAColdSlotCauseOneExchange() {
        let merchant = fixture.addMerchant()
        fixture.provider.behave { _ in .answerAfter(.milliseconds(300)) }
        let answers = (0..<500).map { _ in fixture.begin(merchant.client.request) }
        fixture.advance(by: .seconds(1))
        #expect(fixture.provider.calls.count == 1)
        #expect(answers.allSatisfy { $0.count == 1 && $0.served != nil })
        #expect(Set(answers.compactMap { $0.served?.token.generation }).count == 1)
    }

    @Test func severalReplicasTogetherCauseOneExchange() {
        let merchant = fixture.addMerchant()
        let replicas = [fixture.gateway, fixture.addReplica(), fixture.addReplica()]
        fixture.provider.behave { _ in .answerAfter(.milliseconds(300)) }
        let answers = (0..<500).map { fixture.begin(merchant.client.request, of: replicas[$0 % 3]) }
        fixture.advance(by: .seconds(1))
        #expect(fixture.provider.calls.count == 1)
        #expect(Set(answers.compactMap { $0.served?.token.access.revealText() }).count == 1)
        #expect(answers.allSatisfy { $0.served != nil })
    }

    @Test func anExpiredTokenIsReplacedByOneExchangeToo() {
        let merchant = fixture.addMerchant()
        fixture.ask(merchant.client.request)
        fixture.advance(by: .seconds(2 * 3_600))  // unused: the last token is over, and no renewal comes
        let before = fixture.provider.calls.count
        fixture.provider.behave { _ in .answerAfter(.milliseconds(300)) }
        let answers = (0..<500).map { _ in fixture.begin(merchant.client.request) }
        fixture.advance(by: .seconds(1))
        #expect(answers.allSatisfy { $0.count == 1 && $0.served?.source == .provider })
        #expect(fixture.provider.calls.count - before == 1)
    }

    @Test func theFirstCallersCancelChangesNothingForTheRest() {
        let merchant = fixture.addMerchant()
        fixture.provider.behave { _ in .hold }
        let first = fixture.ask(merchant.client.request)
        let others = (0..<99).map { _ in fixture.ask(merchant.client.request) }
        first.cancel()
        fixture.provider.release()
        fixture.settle()
        #expect(first.count == 0)
        #expect(others.allSatisfy { $0.count == 1 && $0.served?.source == .provider })
        #expect(fixture.provider.calls.count == 1)
    }

    @Test func aFlightThatEveryoneLeftStillFillsTheSlot() {
        let merchant = fixture.addMerchant()
        fixture.provider.behave { _ in .hold }
        let pending = (0..<10).map { _ in fixture.ask(merchant.client.request) }
        for answer in pending { answer.cancel() }
        fixture.provider.release()
        fixture.settle()
        #expect(pending.allSatisfy { $0.count == 0 })
        #expect(fixture.ask(merchant.client.request).served?.source == .memory)
        #expect(fixture.provider.calls.count == 1)
    }

    @Test func theLifeCountsFromWhenTheRequestWasSent() throws {
        let merchant = fixture.addMerchant()
        let sentAt = fixture.clock.now()
        fixture.provider.behave { _ in .answerAfter(.seconds(4)) }
        let pending = fixture.begin(merchant.client.request)
        fixture.advance(by: .seconds(4))
        let served = try #require(pending.served)
        #expect(served.token.issuedAt == sentAt)
        #expect(served.token.expiresAt == sentAt + .seconds(300))
        #expect(served.token.secondsLeft(at: served.at) == 296)
    }

    @Test func eachScopeAndEachEnvironmentHasItsOwnToken() {
        let merchant = fixture.addMerchant()
        let (production, _) = fixture.addCredential(
            owner: OwnerID(merchant.tenant), .zertiban, environment: .production)
        fixture.connect(merchant.tenant, to: production)
        fixture.follow()
        var tokens: Set<String> = []
        for environment in [ProviderEnvironment.sandbox, .production] {
            for scope in [nil, "payments", "refunds payments", "openid", "payments refunds"] {
                var request = merchant.client.request
                (request.environment, request.scope) = (environment, scope)
                tokens.insert(fixture.ask(request).served?.token.access.revealText() ?? "none")
            }
        }
        #expect(tokens.count == 6 && !tokens.contains("none"))
        #expect(fixture.provider.calls.count == 6)
        #expect(Set(fixture.provider.calls.map(\.scope)) == [nil, "payments", "payments refunds"])
    }
}
