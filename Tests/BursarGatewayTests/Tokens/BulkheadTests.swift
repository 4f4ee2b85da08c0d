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
}
