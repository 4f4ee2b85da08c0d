// Keys wrapped anew under slots that live: no token is lost by it, and the former key is not missed.
import BursarCore
import BursarGateway
import BursarTestSupport
import BursarVault
import Testing

@Suite struct RewrapTests {
    let fixture = GatewayFixture()
    let merchant: TestMerchant
    private typealias Keys = GatewayFixture

    init() { merchant = fixture.addMerchant() }

    /// A second key comes, everything is wrapped under it, and the first one goes.
    private func changeKeys(readWith follow: () -> Void) {
        fixture.writeKeyring(Keys.firstKey, Keys.secondKey)
        fixture.rewrap(under: "test-2")
        follow()
        fixture.writeKeyring(Keys.secondKey)
    }

    @Test(arguments: [false, true])
    func aTokenStaysAndRenewsOnceTheFormerKeyHasGone(readsEverything: Bool) throws {
        let token = try #require(fixture.ask(merchant.client.request).served).token
        changeKeys {
            if readsEverything { fixture.directory.forgetHistory() }
            fixture.follow()
        }
        #expect(fixture.ask(merchant.client.request).served?.token == token)
        #expect(fixture.provider.calls.count == 1, "a key wrapped anew withdraws no slot")
        fixture.advance(by: .seconds(250))
        let renewed = try #require(fixture.ask(merchant.client.request).served)
        #expect(renewed.source == .memory && renewed.token.generation > token.generation)
        #expect(fixture.provider.calls.count == 2, "the credential opens by its new wrapping")
    }

    @Test func whatWasStoredBeforeIsServedAfterARestart() throws {
        let token = try #require(fixture.ask(merchant.client.request).served).token
        changeKeys { fixture.follow() }
        fixture.restart()
        let served = try #require(fixture.ask(merchant.client.request).served)
        #expect(served.source == .store && served.token.access == token.access)
    }

    @Test func withoutTheNewWrappingTheFormerKeyIsMissed() throws {
        fixture.ask(merchant.client.request)
        fixture.writeKeyring(Keys.firstKey, Keys.secondKey)
        fixture.writeKeyring(Keys.secondKey)
        fixture.advance(by: .seconds(301))
        #expect(fixture.ask(merchant.client.request).served == nil)
        #expect(fixture.provider.calls.count == 1)
    }

    @Test func aFlightThatIsUnderWayLandsUnderTheNewWrapping() throws {
        fixture.provider.behave { _ in .hold }
        let pending = fixture.ask(merchant.client.request)
        changeKeys { fixture.follow() }
        fixture.provider.recover()
        fixture.provider.release()
        fixture.settle()
        let token = try #require(pending.served).token
        fixture.restart()
        let served = try #require(fixture.ask(merchant.client.request).served)
        #expect(served.source == .store && served.token.access == token.access, "it was sealed and stored")
    }

    @Test func otherOwnersAreLeftAlone() throws {
        let other = fixture.addMerchant()
        fixture.writeKeyring(Keys.firstKey, Keys.secondKey)
        fixture.rewrap(under: "test-2", of: OwnerID(merchant.tenant))
        fixture.follow()
        #expect(fixture.ask(merchant.client.request).served != nil)
        #expect(fixture.ask(other.client.request).served != nil)
        fixture.writeKeyring(Keys.secondKey)
        fixture.advance(by: .seconds(301))
        #expect(fixture.ask(merchant.client.request).served != nil)
        #expect(fixture.ask(other.client.request).served == nil)
    }

    @Test func statementsAreHashedUnderTheSameDataKey() throws {
        let alternative = fixture.addMerchant(.alternative, lifetime: .seconds(3_600))
        let request = ScopedRequest(
            token: alternative.client.request,
            members: ["customer_id": "c-1", "invoice_id": "i-1", "subject": "anna@example.com"])
        _ = fixture.scoped(request)
        fixture.settle()
        changeKeys { fixture.follow() }
        let answer = fixture.scoped(request)
        fixture.settle()
        #expect(answer.value?.value != nil)
        let hashes = fixture.statements.statements.map(\.subjectHash)
        #expect(hashes.count == 2 && Set(hashes).count == 1)
    }
}
