// What is stored, sealed, outlives the process.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct RestartTests {
    let fixture = GatewayFixture()

    @Test func aRestartWithGoodTokensStoredCausesNoExchange() throws {
        let merchants = (0..<20).map { _ in fixture.addMerchant() }
        let before = merchants.map { fixture.ask($0.client.request).served?.token }
        fixture.advance(by: .seconds(30))
        fixture.restart()
        for (merchant, former) in zip(merchants, before) {
            let served = try #require(fixture.ask(merchant.client.request).served)
            #expect(served.source == .store)
            #expect(served.token.access == former?.access && served.token.generation == former?.generation)
            #expect(served.token.expiresAt == former?.expiresAt && served.token.renewAt == former?.renewAt)
        }
        #expect(fixture.provider.calls.count == merchants.count)
    }

    @Test func aTokenThatEndedMeanwhileIsAskedForAnew() throws {
        let merchant = fixture.addMerchant()
        let former = try #require(fixture.ask(merchant.client.request).served).token
        fixture.restart()
        fixture.advance(by: .seconds(299))
        let served = try #require(fixture.ask(merchant.client.request).served)
        #expect(served.source == .provider && served.token.generation > former.generation)
    }

    @Test func nothingInTheStoreShowsAToken() throws {
        let merchant = fixture.addMerchant(.paymentAPI, lifetime: .seconds(900))
        fixture.ask(merchant.client.request)
        let sealed = fixture.tokens.sealedBytes
        #expect(sealed.count == 2)
        for bytes in sealed {
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(!text.contains("access-") && !text.contains("refresh-"))
        }
    }

    @Test func aReplicaThatDiesInTheMiddleHoldsTheOthersUpNoLongerThanItsLease() throws {
        let merchant = fixture.addMerchant()
        fixture.provider.behave { _ in .hold }
        fixture.ask(merchant.client.request)
        fixture.restart()
        fixture.provider.recover()
        let pending = fixture.ask(merchant.client.request)
        #expect(pending.count == 0)
        fixture.advance(by: .seconds(21))
        let answer = fixture.ask(merchant.client.request)
        fixture.advance(by: .seconds(15))
        #expect(pending.count == 1)
        #expect(answer.served != nil || fixture.ask(merchant.client.request).served != nil)
    }

    @Test func storedTimesAreCountedFromBeforeTheStoreWasAsked() throws {
        let merchant = fixture.addMerchant()
        let former = try #require(fixture.ask(merchant.client.request).served).token
        fixture.restart()
        fixture.tokens.latency = (fixture.clock, .seconds(3))
        let pending = fixture.begin(merchant.client.request)
        fixture.advance(by: .seconds(3))
        let served = try #require(pending.served)
        #expect(served.source == .store)
        #expect(served.token.expiresAt <= former.expiresAt, "a slow store makes no token live longer")
    }
}
