// Promise 3 again: the database may be away, and callers hardly notice.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct StoreOutageTests {
    let fixture = GatewayFixture()
    let merchant: TestMerchant

    init() { merchant = fixture.addMerchant() }

    private func takeStoresAway(_ failure: StoreFailure? = .unavailable) {
        fixture.tokens.availability.failure = failure
        fixture.directory.availability.failure = failure
        fixture.usage.availability.failure = failure
        fixture.replicas.availability.failure = failure
    }

    @Test func requestsFromMemoryGoOn() {
        fixture.ask(merchant.client.request)
        takeStoresAway()
        for _ in 0..<100 {
            #expect(fixture.ask(merchant.client.request).served?.source == .memory)
            fixture.advance(by: .seconds(1))
        }
    }

    @Test(arguments: [StoreFailure.unavailable, .unexpected])
    func renewalsGoOnWithoutALease(failure: StoreFailure) throws {
        let first = try #require(fixture.ask(merchant.client.request).served).token
        takeStoresAway(failure)
        for _ in 0..<360 {
            let served = try #require(fixture.ask(merchant.client.request).served)
            #expect(served.token.secondsLeft(at: served.at) >= 90)
            fixture.advance(by: .seconds(10))
        }
        #expect((18...22).contains(fixture.provider.calls.count))
        takeStoresAway(nil)
        fixture.advance(by: .seconds(210))
        let last = try #require(fixture.ask(merchant.client.request).served).token
        #expect(last.generation > first.generation)
        fixture.restart()
        #expect(fixture.ask(merchant.client.request).served?.token.access == last.access, "stored again")
    }

    @Test func aColdSlotIsFilledWithoutALease() {
        takeStoresAway()
        let answers = (0..<100).map { _ in fixture.begin(merchant.client.request) }
        fixture.settle()
        #expect(answers.allSatisfy { $0.served?.source == .provider })
        #expect(fixture.provider.calls.count == 1)
    }

    @Test func aStoreThatFailsOnlyWhenPublishingTakesNoTokenAway() {
        fixture.provider.behave { _ in .hold }
        let pending = fixture.ask(merchant.client.request)
        takeStoresAway()
        fixture.provider.release()
        fixture.settle()
        #expect(pending.served?.source == .provider)
    }

    @Test func usageIsKeptAndFlushedLaterAndNothingIsLost() {
        takeStoresAway()
        for _ in 0..<300 {
            fixture.ask(merchant.client.request)
            fixture.advance(by: .seconds(1))
        }
        #expect(fixture.usage.sum == 0)
        takeStoresAway(nil)
        fixture.advance(by: .seconds(2))
        #expect(fixture.usage.sum == 300)
        #expect(fixture.usage.byMinute.values.sorted() == [60, 60, 60, 60, 60], "each in its own minute")
        #expect(fixture.usage.events.count == fixture.provider.calls.count)
    }

    @Test func whatIsCountedDuringAFlushThatFailsIsNotLost() {
        fixture.ask(merchant.client.request)
        fixture.usage.latency = (fixture.clock, .milliseconds(1_500))
        takeStoresAway()
        for _ in 0..<40 {
            fixture.ask(merchant.client.request)
            fixture.advance(by: .milliseconds(300))
        }
        takeStoresAway(nil)
        fixture.usage.latency = nil
        fixture.advance(by: .seconds(5))
        #expect(fixture.usage.sum == 41)
    }

    @Test func anUnknownClientIsToldThatNobodyCanTell() {
        takeStoresAway()
        let stranger = fixture.addClient(of: [merchant.tenant])
        #expect(fixture.ask(stranger.request).refusal == .directoryUnavailable)
        takeStoresAway(nil)
        #expect(fixture.ask(stranger.request).served != nil, "and is known as soon as the store is back")
    }

    @Test func aWithdrawnClientStopsWithinFiveSecondsOnceTheStoreIsBack() {
        fixture.ask(merchant.client.request)
        fixture.directory.change { tables in
            tables.clients[merchant.client.id] = nil
            tables.touch(merchant.client.id)
        }
        fixture.advance(by: .seconds(5))
        #expect(fixture.ask(merchant.client.request).refusal == .clientUnknown)
    }

    @Test func aReplicaThatWasAwayTooLongReadsEverything() {
        fixture.ask(merchant.client.request)
        takeStoresAway()
        fixture.advance(by: .seconds(60))
        let newcomer = fixture.addTenant()
        let (credential, _) = fixture.addCredential(owner: OwnerID(newcomer), .zertiban)
        fixture.connect(newcomer, to: credential)
        let client = fixture.addClient(of: [newcomer])
        fixture.directory.change { tables in
            tables.clients[merchant.client.id] = nil
            tables.touch(merchant.client.id)
        }
        fixture.directory.forgetHistory()
        takeStoresAway(nil)
        fixture.advance(by: .seconds(3))
        #expect(fixture.ask(client.request).served != nil)
        #expect(fixture.ask(merchant.client.request).refusal == .clientUnknown)
    }

    @Test func aGatewayWithoutAnyConfigurationIsNotReady() {
        #expect(fixture.gateway.isReady)
        takeStoresAway()
        fixture.restart()
        #expect(!fixture.gateway.isReady)
        takeStoresAway(nil)
        fixture.advance(by: .seconds(3))
        #expect(fixture.gateway.isReady)
    }
}
