// A provider that fails everyone is left alone for seconds, and nobody misses its return.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct CircuitTests {
    let fixture = GatewayFixture()

    private func reason(_ pending: PendingAnswer<ServedToken>) -> FailureReason? {
        if case .unavailable(let reason, _) = pending.refusal { reason } else { nil }
    }

    /// Merchants none of which has a token, at a provider that has failed all of them.
    private func failAll(_ count: Int, by reason: FailureReason = .serverError) -> [TestMerchant] {
        let merchants = (0..<count).map { _ in fixture.addMerchant() }
        fixture.provider.fail(reason)
        for merchant in merchants { fixture.ask(merchant.client.request) }
        return merchants
    }

    @Test func afterFiveFailuresNobodyElseIsSent() {
        let merchants = failAll(20)
        #expect(fixture.provider.calls.count == 5)
        let last = fixture.ask(merchants[19].client.request)
        #expect(reason(last) == .circuitOpen)
        #expect(last.refusal?.fault == .provider)
        fixture.flush()
        #expect(fixture.usage.events.count == 5, "a request that was not made is no event")
    }

    @Test func whoIsNotSentTakesNoLease() {
        _ = failAll(20)
        let newcomer = fixture.addMerchant()
        let calls = fixture.tokens.availability.calls
        #expect(reason(fixture.ask(newcomer.client.request)) == .circuitOpen)
        #expect(fixture.tokens.availability.calls - calls == 1, "a look for a stored token, and no more")
    }

    @Test func whatAnotherReplicaHasStoredIsFoundWhileTheBreakerIsOpen() throws {
        let other = fixture.addReplica()
        let merchant = fixture.addMerchant()
        _ = fixture.run { await other.follow() }
        let served = try #require(fixture.ask(merchant.client.request, of: other).served)
        _ = failAll(6)
        let calls = fixture.provider.calls.count
        #expect(fixture.ask(merchant.client.request).served?.token.access == served.token.access)
        #expect(fixture.provider.calls.count == calls)
    }

    @Test func theProviderIsTriedByOneAtATimeAndAtMostTenSecondsApart() {
        let merchants = failAll(20)
        let first = fixture.provider.calls.count
        for _ in 0..<600 {
            for merchant in merchants { fixture.ask(merchant.client.request) }
            fixture.advance(by: .milliseconds(100))
        }
        let times = fixture.provider.calls.dropFirst(first - 1).map(\.at)
        #expect(times.count >= 7 && times.count <= 90)
        for (former, next) in zip(times, times.dropFirst()) {
            #expect(next - former <= .seconds(10) + .milliseconds(200))
            #expect(next - former >= .milliseconds(500))
        }
    }

    @Test func onceItAnswersEveryoneIsServedWithinSeconds() {
        let merchants = failAll(20)
        fixture.advance(by: .seconds(30))
        fixture.provider.recover()
        // At most 10 s to the first answer, 2 s to the second, 1 s until the others hear of it.
        fixture.advance(by: .seconds(14))
        #expect(merchants.map { fixture.ask($0.client.request) }.allSatisfy { $0.served != nil })
    }

    @Test func slotsThatNeverHadATokenGetOneBeforeAnyoneAsksAgain() {
        _ = failAll(20)
        fixture.provider.recover()
        let before = fixture.provider.calls.count
        fixture.advance(by: .seconds(20))
        #expect(fixture.provider.calls.count == before + 20)
    }

    @Test func whoComesWhileOneIsTryingWaitsForItsWordAndIsServed() {
        let merchants = failAll(6)
        fixture.provider.behave { _ in .hold }
        fixture.advance(by: .seconds(4))
        let pending = merchants.map { fixture.ask($0.client.request) }
        #expect(pending.allSatisfy { $0.count == 0 })
        #expect(fixture.provider.calls.count == 6, "one tries, the others wait")
        fixture.provider.recover()
        fixture.provider.release()
        fixture.settle()
        #expect(pending.allSatisfy { $0.served != nil })
    }

    @Test func whoHasAGoodTokenNoticesNothing() throws {
        let merchants = (0..<20).map { _ in fixture.addMerchant(lifetime: .seconds(3_600)) }
        let tokens = try merchants.map { try #require(fixture.ask($0.client.request).served).token }
        fixture.provider.fail(.serverError)
        fixture.advance(by: .seconds(3_300))
        for (merchant, token) in zip(merchants, tokens) {
            #expect(fixture.ask(merchant.client.request).served?.token == token)
        }
    }

    @Test func oneTenantWhoseRequestsFailShutsTheDoorToNobodyElse() {
        let sick = fixture.addMerchant()
        fixture.provider.behave {
            $0.clientID == sick.account ? .fail(ExchangeFailure(.serverError)) : .answer
        }
        for _ in 0..<600 {
            fixture.ask(sick.client.request)
            fixture.advance(by: .milliseconds(200))
        }
        #expect(fixture.provider.calls.count > 5)
        #expect(fixture.ask(fixture.addMerchant().client.request).served != nil)
    }

    @Test func otherProvidersAndEnvironmentsGoOn() {
        _ = failAll(20)
        fixture.provider.recover()
        #expect(fixture.ask(fixture.addMerchant(.phoenix).client.request).served != nil)
        let production = fixture.addMerchant(.zertiban, environment: .production)
        #expect(fixture.ask(production.client.request).served != nil)
    }

    @Test func aHostThatNamesATimeIsLeftAloneUntilThen() {
        let merchants = (0..<6).map { _ in fixture.addMerchant() }
        fixture.provider.fail(.serverError, retryAfter: .seconds(120))
        for merchant in merchants { fixture.ask(merchant.client.request) }
        fixture.provider.recover()
        let other = fixture.addMerchant()
        for _ in 0..<100 {
            fixture.advance(by: .seconds(1))
            #expect(reason(fixture.ask(other.client.request)) == .circuitOpen)
        }
        fixture.advance(by: .seconds(22))
        #expect(fixture.ask(other.client.request).served != nil)
    }

    @Test func aTimeoutThatOurOwnLineMadeShortIsNotTheHostsFault() {
        var options = GatewayFixture.Options()
        options.profiles[ProviderProfile.zertiban.id]?.limits.concurrency = 6
        let fixture = GatewayFixture(options)
        let merchants = (0..<12).map { _ in fixture.addMerchant(lifetime: .seconds(3_600)) }
        fixture.provider.behave { _ in .answerAfter(.seconds(8)) }
        let pending = merchants.map { fixture.ask($0.client.request) }
        // Six are answered after 8 s; the other six had 7 of their 15 s left.
        fixture.advance(by: .milliseconds(15_100))
        #expect(pending.filter { $0.served != nil }.count == 6)
        #expect(fixture.provider.calls.count == 12)
        fixture.provider.recover()
        #expect(fixture.ask(fixture.addMerchant().client.request).served != nil)
    }
}
