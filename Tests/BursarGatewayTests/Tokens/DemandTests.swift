// `rejected` and `min_ttl`: what a caller may ask of a token.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct DemandTests {
    let fixture = GatewayFixture()
    let merchant: TestMerchant

    init() { merchant = fixture.addMerchant() }

    private func ask(newerThan generation: Generation) -> PendingAnswer<ServedToken> {
        fixture.ask(merchant.client.request(TokenDemand(newerThan: generation)))
    }

    @Test func theRejectedGenerationAndOlderOnesAreNeverAnswered() throws {
        var generation = Generation.none
        for _ in 0..<200 {
            let pending = ask(newerThan: generation)
            if let served = pending.served {
                #expect(served.token.generation > generation)
                generation = served.token.generation
            } else {
                guard case .unavailable = pending.refusal else {
                    Issue.record("newer, or unavailable")
                    return
                }
            }
            fixture.advance(by: .seconds(7))
        }
        // 1,400 s: 3 at once, one in 30 s, and the ordinary renewals.
        #expect(fixture.provider.calls.count <= 1 + 3 + 1_400 / 30 + 9)
    }

    @Test func aHundredCallersWithTheSameRejectedTokenCauseOneRenewal() throws {
        let token = try #require(fixture.ask(merchant.client.request).served).token
        fixture.provider.behave { _ in .answerAfter(.milliseconds(100)) }
        let demand = TokenDemand(newerThan: token.generation)
        let answers = (0..<100).map { _ in fixture.begin(merchant.client.request(demand)) }
        fixture.advance(by: .seconds(1))
        #expect(answers.allSatisfy { ($0.served?.token.generation ?? .none) > token.generation })
        #expect(fixture.provider.calls.count == 2)
    }

    @Test func whenNoNewerOneCanBeHadTheRejectedOneIsStillNotAnswered() throws {
        let token = try #require(fixture.ask(merchant.client.request).served).token
        fixture.provider.fail(.serverError)
        guard case .unavailable(.serverError, _) = ask(newerThan: token.generation).refusal else {
            Issue.record("the rejected token must not come back")
            return
        }
        #expect(fixture.ask(merchant.client.request).served?.token == token, "others are still served")
    }

    @Test func theRejectedTokenDoesNotComeBackAfterARotationOrARestart() throws {
        let token = try #require(fixture.ask(merchant.client.request).served).token
        fixture.advance(by: .seconds(1))
        fixture.rotate(merchant.credential, to: "secret-of-\(merchant.account)")
        fixture.follow()
        #expect((ask(newerThan: token.generation).served?.token.generation ?? .none) > token.generation)
        let second = try #require(fixture.ask(merchant.client.request).served).token
        fixture.restart()
        #expect((ask(newerThan: second.generation).served?.token.generation ?? .none) > second.generation)
    }

    @Test func anotherReplicasNewerTokenSatisfiesTheReportWithoutAnExchange() throws {
        let other = fixture.addReplica()
        let token = try #require(fixture.ask(merchant.client.request).served).token
        fixture.ask(merchant.client.request, of: other)
        let newer = try #require(ask(newerThan: token.generation).served).token
        let request = merchant.client.request(TokenDemand(newerThan: token.generation))
        let served = try #require(fixture.ask(request, of: other).served)
        #expect(served.token.access == newer.access && served.source == .store)
        #expect(fixture.provider.calls.count == 2)
    }

    @Test func aGenerationFromTheFutureNeitherStopsTheGatewayNorItsCounting() throws {
        for _ in 0..<3 { #expect(ask(newerThan: Generation(.max)).served == nil) }
        let served = try #require(fixture.ask(merchant.client.request).served)
        let seconds = fixture.clock.now().microseconds / 1_000_000
        #expect(served.token.generation <= Generation(seconds + 10), "callers cannot push it away")
    }

    // MARK: min_ttl

    private func ask(life: Duration) -> PendingAnswer<ServedToken> {
        fixture.ask(merchant.client.request(TokenDemand(minimumLife: life)))
    }

    @Test func aTokenWithEnoughLifeIsServedAsItIs() throws {
        fixture.ask(merchant.client.request)
        fixture.advance(by: .seconds(100))
        #expect(ask(life: .seconds(120)).served?.source == .memory)
        #expect(fixture.provider.calls.count == 1)
    }

    @Test func aTokenWithTooLittleLifeIsRenewedFirst() throws {
        fixture.ask(merchant.client.request)
        fixture.advance(by: .seconds(165))
        let served = try #require(ask(life: .seconds(140)).served)
        #expect(served.source == .provider && served.token.secondsLeft(at: served.at) == 300)
    }

    @Test func theWishIsCappedAtHalfTheLife() throws {
        fixture.ask(merchant.client.request)
        fixture.advance(by: .seconds(149))
        #expect(ask(life: .seconds(86_400)).served?.source == .memory)
        #expect(fixture.provider.calls.count == 1)
    }

    @Test func whenTheRenewalFailsTheGoodTokenIsAnsweredWithItsHonestLife() throws {
        let token = try #require(fixture.ask(merchant.client.request).served).token
        fixture.advance(by: .seconds(165))
        fixture.provider.fail(.serverError)
        let served = try #require(ask(life: .seconds(140)).served)
        #expect(served.token == token && served.token.secondsLeft(at: served.at) == 135)
    }
}
