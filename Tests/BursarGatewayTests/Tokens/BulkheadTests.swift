// One hung provider or one bad tenant does not slow the others.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct BulkheadTests {
    let fixture = GatewayFixture()

    @Test func whileOneProviderHangsTheOthersAnswer() {
        let hung = (0..<50).map { _ in fixture.addMerchant(.phoenix) }
        let fine = (0..<50).map { _ in fixture.addMerchant(.zertiban) }
        let phoenix = ProviderProfile.phoenix.id
        fixture.provider.behave { $0.provider == phoenix ? .hold : .answer }
        let waiting = hung.map { fixture.ask($0.client.request) }
        let answered = fine.map { fixture.ask($0.client.request) }
        #expect(answered.allSatisfy { $0.served != nil }, "without any time passing")
        #expect(waiting.allSatisfy { $0.count == 0 })
        fixture.advance(by: .seconds(60))
        #expect(waiting.allSatisfy { $0.count == 1 })
    }

    @Test func oneEnvironmentOfAProviderDoesNotHoldUpTheOther() {
        let sandbox = (0..<20).map { _ in fixture.addMerchant(.zertiban) }
        let production = fixture.addMerchant(.zertiban, environment: .production)
        fixture.provider.behave { $0.environment == .sandbox ? .hold : .answer }
        for merchant in sandbox { fixture.ask(merchant.client.request) }
        #expect(fixture.ask(production.client.request).served != nil)
    }

    @Test func oneTenantThatHangsOccupiesOnePlace() {
        let bad = fixture.addMerchant(.zertiban)
        let others = (0..<30).map { _ in fixture.addMerchant(.zertiban) }
        fixture.provider.behave { $0.clientID == bad.account ? .hold : .answer }
        for _ in 0..<1_000 { fixture.ask(bad.client.request) }
        #expect(others.map { fixture.ask($0.client.request) }.allSatisfy { $0.served != nil })
        #expect(fixture.provider.calls.filter { $0.clientID == bad.account }.count == 1)
    }

    @Test func aTenantWhoseCredentialIsRejectedCostsTheOthersNothing() {
        let bad = fixture.addMerchant(.zertiban)
        let others = (0..<30).map { _ in fixture.addMerchant(.zertiban) }
        fixture.provider.behave {
            $0.clientID == bad.account ? .fail(ExchangeFailure(.invalidClient)) : .answer
        }
        for _ in 0..<100 { fixture.ask(bad.client.request) }
        #expect(others.map { fixture.ask($0.client.request) }.allSatisfy { $0.served != nil })
        #expect(fixture.provider.calls.filter { $0.clientID == bad.account }.count == 1)
    }

    @Test func noMoreCallsAreOpenAtOnceThanTheProfileAllows() {
        var profile = ProviderProfile.zatlas
        profile.limits.concurrency = 3
        var options = GatewayFixture.Options()
        options.profiles[profile.id] = profile
        let fixture = GatewayFixture(options)
        let merchants = (0..<20).map { _ in fixture.addMerchant(profile, lifetime: .seconds(3_600)) }
        fixture.provider.behave { _ in .answerAfter(.seconds(1)) }
        let answers = merchants.map { fixture.ask($0.client.request) }
        fixture.advance(by: .seconds(7))
        #expect(answers.allSatisfy { $0.served != nil })
        #expect(fixture.provider.peak(ConnectionChoice(provider: profile.id, environment: .sandbox)) == 3)
    }

    // MARK: In line

    private static var narrow: GatewayFixture {
        var options = GatewayFixture.Options()
        for id in options.profiles.keys { options.profiles[id]?.limits.concurrency = 1 }
        return GatewayFixture(options)
    }

    @Test func whoGetsNoPlaceInTimeLeavesTheLineAndSaysSo() {
        let fixture = Self.narrow
        let merchants = (0..<10).map { _ in fixture.addMerchant() }
        fixture.provider.behave { _ in .hold }
        let pending = merchants.map { fixture.ask($0.client.request) }
        fixture.advance(by: .milliseconds(9_900))
        #expect(pending.allSatisfy { $0.count == 0 })
        // The second one has got the place of the first; to the others too little time would be left.
        fixture.advance(by: .milliseconds(300))
        #expect(pending.filter { $0.count == 1 }.count >= 9)
        guard case .unavailable(.overloaded, let retryAfter) = pending[9].refusal else {
            Issue.record("refused in another way: \(String(describing: pending[9].refusal))")
            return
        }
        #expect(retryAfter <= .seconds(10))
    }

    @Test func thousandsThatEndTogetherKeepTheCapAndTheirDeadlines() {
        var options = GatewayFixture.Options()
        options.profiles[ProviderProfile.zertiban.id]?.limits.concurrency = 4
        let fixture = GatewayFixture(options)
        let merchants = (0..<300).map { _ in fixture.addMerchant() }
        fixture.provider.behave { _ in .answerAfter(.milliseconds(200)) }
        let pending = merchants.map { fixture.ask($0.client.request) }
        fixture.advance(by: .milliseconds(15_250))
        #expect(pending.allSatisfy { $0.count == 1 }, "served, or refused by its deadline")
        #expect(pending.filter { $0.served != nil }.count >= 150)
        let choice = ConnectionChoice(provider: ProviderProfile.zertiban.id, environment: .sandbox)
        #expect(fixture.provider.peak(choice) == 4)
        fixture.advance(by: .seconds(60))
        #expect(merchants.map { fixture.ask($0.client.request) }.allSatisfy { $0.served != nil })
    }

    @Test func whoWaitsForAnotherReplicaTakesNoPlace() {
        let fixture = Self.narrow
        let frozen = fixture.addReplica()
        let merchants = (0..<2).map { _ in fixture.addMerchant() }
        _ = fixture.run { await frozen.follow() }
        fixture.provider.behave { _ in .hold }
        fixture.ask(merchants[0].client.request, of: frozen)
        #expect(fixture.provider.calls.count == 1)
        fixture.setFrozen(true, frozen)
        fixture.provider.recover()
        let waiting = fixture.ask(merchants[0].client.request)
        #expect(waiting.count == 0, "the other one has the lease")
        #expect(fixture.ask(merchants[1].client.request).served != nil)
        fixture.setFrozen(false, frozen)
        fixture.provider.release()
        fixture.advance(by: .seconds(1))
        #expect(waiting.served?.source == .store)
    }

    @Test func renewalsLetThoseGoBeforeForWhomSomebodyWaits() throws {
        var options = GatewayFixture.Options()
        options.jitter = 0
        options.profiles[ProviderProfile.zertiban.id]?.limits.concurrency = 1
        let fixture = GatewayFixture(options)
        let merchants = (0..<5).map { _ in fixture.addMerchant() }
        for merchant in merchants { #expect(fixture.ask(merchant.client.request).served != nil) }
        fixture.provider.behave { _ in .hold }
        fixture.advance(by: .seconds(201))
        #expect(fixture.provider.calls.count == 6, "one renewal asks, four stand in line")
        let newcomer = fixture.addMerchant()
        let pending = fixture.ask(newcomer.client.request)
        fixture.provider.recover()
        fixture.provider.release()
        fixture.settle()
        #expect(pending.served != nil)
        #expect(try #require(fixture.provider.calls.dropFirst(6).first).clientID == newcomer.account)
        #expect(fixture.provider.calls.count == 11, "and then the renewals")
    }

    @Test func whoWaitsForATriedHostTakesNoPlace() {
        var profile = ProviderProfile.alternative
        profile.limits.concurrency = 2
        profile.scoped?.path = "https://other.example/v1/checkout-auth/init"
        var options = GatewayFixture.Options()
        options.profiles[profile.id] = profile
        let fixture = GatewayFixture(options)
        let merchant = fixture.addMerchant(profile, lifetime: .seconds(3_600))
        #expect(fixture.ask(merchant.client.request).served != nil)
        let request = ScopedRequest(
            token: merchant.client.request,
            members: ["customer_id": "c", "invoice_id": "i", "subject": "s"])
        fixture.provider.behave { $0.step == .scoped ? .fail(ExchangeFailure(.serverError)) : .answer }
        for _ in 0..<5 {
            _ = fixture.scoped(request)
            fixture.settle()
        }
        fixture.provider.behave { $0.step == .scoped ? .hold : .answer }
        fixture.advance(by: .seconds(1))
        let waiting = (0..<3).map { _ in fixture.scoped(request) }
        fixture.settle()
        #expect(fixture.provider.count(.scoped) == 6, "one tries, two wait for its word")
        #expect(fixture.ask(fixture.addMerchant(profile).client.request).served != nil)
        fixture.provider.recover()
        fixture.provider.release()
        fixture.settle()
        #expect(waiting.allSatisfy { $0.value?.value != nil })
    }

    @Test func scopedCallsStandInTheSameLineAndGetAnHonestAnswer() throws {
        let fixture = Self.narrow
        let merchants = (0..<3).map { _ in fixture.addMerchant(.alternative, lifetime: .seconds(3_600)) }
        for merchant in merchants { #expect(fixture.ask(merchant.client.request).served != nil) }
        fixture.provider.behave { _ in .hold }
        let answers = merchants.map { merchant in
            fixture.scoped(
                ScopedRequest(
                    token: merchant.client.request,
                    members: ["customer_id": "c", "invoice_id": "i", "subject": "s"]))
        }
        fixture.settle()
        #expect(fixture.provider.count(.scoped) == 1)
        fixture.advance(by: .seconds(5))
        let refused = answers.compactMap { $0.value?.refusal }
        #expect(refused.count == 2)
        for refusal in refused {
            guard case .unavailable(.overloaded, _) = refusal else {
                Issue.record("refused in another way: \(refusal)")
                return
            }
        }
        fixture.advance(by: .seconds(5))
        #expect(answers.allSatisfy { $0.value != nil })
    }

    @Test func aScopedEndpointThatIsDownIsLeftAloneToo() {
        let merchant = fixture.addMerchant(.alternative, lifetime: .seconds(3_600))
        #expect(fixture.ask(merchant.client.request).served != nil)
        fixture.provider.behave { $0.step == .scoped ? .fail(ExchangeFailure(.serverError)) : .answer }
        let request = ScopedRequest(
            token: merchant.client.request,
            members: ["customer_id": "c", "invoice_id": "i", "subject": "s"])
        for _ in 0..<20 {
            _ = fixture.scoped(request)
            fixture.settle()
        }
        #expect(fixture.provider.count(.scoped) == 5)
        fixture.provider.recover()
        fixture.advance(by: .seconds(1))
        let answer = fixture.scoped(request)
        fixture.settle()
        #expect(answer.value?.value != nil)
    }
}
