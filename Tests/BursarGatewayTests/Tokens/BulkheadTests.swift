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
