// Tokens are renewed in the background, before they end and not more often than needed.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct RenewalTests {
    let fixture = GatewayFixture()

    @Test func aThousandReadsOfAFiveMinuteTokenWithin150SecondsCauseOneExchange() {
        let merchant = fixture.addMerchant()
        for _ in 0..<1_000 {
            #expect(fixture.ask(merchant.client.request).served != nil)
            fixture.advance(by: .milliseconds(150))
        }
        #expect(fixture.provider.calls.count == 1)
    }

    @Test(arguments: [0, 0.3, 0.999, nil] as [Double?])
    func anHourOfSteadyReadsRenewsEvery170To200SecondsAndLeavesNinetySecondsToEveryAnswer(jitter: Double?) {
        var options = GatewayFixture.Options()
        options.jitter = jitter
        let fixture = GatewayFixture(options)
        let merchant = fixture.addMerchant()
        fixture.provider.behave { _ in .answerAfter(.milliseconds(400)) }
        fixture.begin(merchant.client.request)
        fixture.advance(by: .seconds(1))
        for _ in 0..<1_800 {
            let served = fixture.ask(merchant.client.request).served
            #expect(served?.source == .memory)
            #expect((served?.token.secondsLeft(at: served!.at) ?? 0) >= 90)
            fixture.advance(by: .seconds(2))
        }
        let times = fixture.provider.calls.map(\.at)
        for (former, next) in zip(times, times.dropFirst()) {
            let pause = (next - former).fractionalSeconds
            #expect(pause >= 170 && pause <= 200.5, "renewed after \(pause) s")
        }
        #expect((18...22).contains(times.count))
    }

    @Test func aSlotThatNobodyUsesStopsRenewing() {
        let merchant = fixture.addMerchant()
        fixture.ask(merchant.client.request)
        fixture.advance(by: .seconds(3_600 + 200))
        let calls = fixture.provider.calls.count
        fixture.advance(by: .seconds(3_600))
        #expect(fixture.provider.calls.count == calls)
        #expect(fixture.ask(merchant.client.request).served?.source == .provider)
    }

    @Test func renewalsThatNobodyAskedForAreEventsWithTheirCause() {
        let merchant = fixture.addMerchant()
        fixture.ask(merchant.client.request)
        fixture.advance(by: .seconds(210))
        let causes = fixture.usage.events.map(\.cause)
        #expect(causes == [.cold, .renewal])
        #expect(
            fixture.usage.events.allSatisfy { $0.tenant == merchant.tenant && $0.lifetime == .seconds(300) })
    }

    // MARK: Keep warm

    private func addWarmMerchant() -> TestMerchant {
        let merchant = fixture.addMerchant()
        fixture.connect(merchant.tenant, to: merchant.credential, keepWarm: true)
        fixture.advance(by: .seconds(3))
        return merchant
    }

    private func callsWithin(_ duration: Duration) -> Int {
        let before = fixture.provider.calls.count
        fixture.advance(by: duration)
        return fixture.provider.calls.count - before
    }

    @Test func aConnectionKeptWarmHasItsTokenBeforeAnyoneAsksAndForEver() {
        let merchant = addWarmMerchant()
        #expect(fixture.provider.calls.count == 1)
        #expect(fixture.ask(merchant.client.request).served?.source == .memory)
        fixture.advance(by: .seconds(3 * 3_600))
        #expect((16...22).contains(callsWithin(.seconds(3_600))))
        #expect(fixture.usage.events.contains { $0.cause == .keepWarm })
    }

    /// Long after the failure: the slot's next look on the calendar is minutes away.
    @Test func endingAQuarantineRenewsByItself() {
        fixture.provider.behave { _ in .fail(ExchangeFailure(.invalidClient)) }
        let merchant = addWarmMerchant()
        fixture.advance(by: .seconds(60))
        fixture.provider.recover()
        #expect(callsWithin(.seconds(30)) == 0, "it is in quarantine")
        fixture.tokens.endQuarantine(of: merchant.credential)
        fixture.changeCredential(merchant.credential) { _ in }
        #expect(callsWithin(.seconds(5)) == 1)
        #expect(fixture.ask(merchant.client.request).served?.source == .memory)
    }

    @Test func takingTheMarkAwayEndsIt() {
        let merchant = addWarmMerchant()
        fixture.connect(merchant.tenant, to: merchant.credential, keepWarm: false)
        fixture.advance(by: .seconds(5))
        #expect(callsWithin(.seconds(3_600)) == 0)
    }

    @Test func removingTheConnectionEndsIt() {
        let merchant = addWarmMerchant()
        fixture.directory.change { tables in
            tables.connections = [:]
            tables.touch(merchant.tenant)
        }
        fixture.advance(by: .seconds(5))
        #expect(callsWithin(.seconds(3_600)) == 0)
    }

    @Test func suspendingTheTenantEndsIt() {
        let merchant = addWarmMerchant()
        fixture.changeTenant(merchant.tenant) { $0.state = .suspended }
        fixture.advance(by: .seconds(5))
        #expect(callsWithin(.seconds(3_600)) == 0)
    }

    @Test func aSharedCredentialIsKeptWarmWhileAnyOfItsConnectionsIs() {
        let tenants = [fixture.addTenant(), fixture.addTenant()]
        let owner = OwnerID(UUIDValue(high: 9, low: 9))
        let (credential, _) = fixture.addCredential(owner: owner, .zertiban, isPlatform: true)
        for tenant in tenants { fixture.connect(tenant, to: credential, keepWarm: true) }
        fixture.advance(by: .seconds(3))
        #expect(fixture.provider.calls.count == 1)
        fixture.connect(tenants[0], to: credential, keepWarm: false)
        fixture.advance(by: .seconds(5))
        #expect((16...22).contains(callsWithin(.seconds(3_600))))
        fixture.connect(tenants[1], to: credential, keepWarm: false)
        fixture.advance(by: .seconds(5))
        #expect(callsWithin(.seconds(3_600)) == 0)
    }
}
