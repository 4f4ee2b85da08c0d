// Promise 3: a good token outlives the provider's outage, and not one second more (promise 2).
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct ProviderOutageTests {
    let fixture = GatewayFixture()
    let merchant: TestMerchant

    init() { merchant = fixture.addMerchant() }

    @Test func aGoodTokenIsServedUntilItEndsAndNeverAfter() throws {
        let token = try #require(fixture.ask(merchant.client.request).served).token
        fixture.provider.fail(.serverError)
        for _ in 0..<4_000 {
            fixture.advance(by: .milliseconds(100))
            let pending = fixture.ask(merchant.client.request)
            if fixture.clock.now() <= token.expiresAt - .seconds(1) {
                #expect(pending.served?.token == token)
            } else {
                #expect(pending.served == nil)
            }
            fixture.advance(by: .zero)
        }
    }

    @Test func withoutATokenTheRefusalSaysWhenToComeBackWithinTenSeconds() throws {
        fixture.provider.fail(.serverError)
        for _ in 0..<200 {
            let pending = fixture.ask(merchant.client.request)
            guard case .unavailable(.serverError, let retryAfter) = try #require(pending.refusal) else {
                Issue.record("refused in another way: \(String(describing: pending.refusal))")
                return
            }
            #expect(retryAfter > .zero && retryAfter <= .seconds(10))
            fixture.advance(by: .milliseconds(700))
        }
    }

    @Test func onDemandTheProviderIsTriedAgainAtMostTenSecondsAfterTheLastFailure() throws {
        fixture.provider.fail(.connectFailed)
        for _ in 0..<1_200 {
            fixture.ask(merchant.client.request)
            fixture.advance(by: .milliseconds(100))
        }
        let times = fixture.provider.calls.map(\.at)
        #expect(times.count > 12)
        for (former, next) in zip(times, times.dropFirst()) {
            #expect(next - former <= .seconds(10) + .milliseconds(100))
            #expect(next - former >= .milliseconds(500), "and not in a loop")
        }
        fixture.provider.recover()
        fixture.advance(by: .seconds(10))
        #expect(fixture.ask(merchant.client.request).served != nil)
    }

    @Test func theProvidersOwnRetryAfterIsKept() throws {
        fixture.provider.fail(.rateLimited, retryAfter: .seconds(45))
        let pending = fixture.ask(merchant.client.request)
        #expect(pending.refusal == .unavailable(.rateLimited, retryAfter: .seconds(45)))
        fixture.provider.recover()
        fixture.advance(by: .seconds(44))
        #expect(fixture.ask(merchant.client.request).served == nil)
        fixture.advance(by: .seconds(1))
        #expect(fixture.ask(merchant.client.request).served != nil)
    }

    @Test func theProvidersOwnRetryAfterHoldsForOtherReplicasToo() {
        let others = [fixture.addReplica(), fixture.addReplica()]
        fixture.provider.fail(.rateLimited, retryAfter: .seconds(60))
        fixture.ask(merchant.client.request)
        fixture.advance(by: .seconds(20))
        for other in others {
            let pending = fixture.ask(merchant.client.request, of: other)
            #expect(pending.refusal == .unavailable(.rateLimited, retryAfter: .seconds(40)))
        }
        #expect(fixture.provider.calls.count == 1)
        fixture.provider.recover()
        fixture.advance(by: .seconds(41))
        for replica in others + [fixture.gateway] {
            #expect(fixture.ask(merchant.client.request, of: replica).served != nil)
        }
        #expect(fixture.provider.calls.count == 2)
    }

    @Test func aPauseOfOurOwnIsEachReplicasOwn() {
        let other = fixture.addReplica()
        fixture.provider.fail(.connectFailed)
        fixture.ask(merchant.client.request)
        fixture.provider.recover()
        #expect(fixture.ask(merchant.client.request, of: other).served != nil)
    }

    @Test func aProviderThatHangsIsGivenUpAtItsDeadline() throws {
        fixture.provider.behave { _ in .hold }
        let pending = (0..<100).map { _ in fixture.ask(merchant.client.request) }
        fixture.advance(by: .milliseconds(9_900))
        #expect(pending.allSatisfy { $0.count == 0 })
        fixture.advance(by: .milliseconds(100))
        for answer in pending {
            #expect(answer.count == 1)
            guard case .unavailable(.timedOut, let retryAfter) = answer.refusal else {
                Issue.record("\(String(describing: answer.refusal))")
                return
            }
            #expect(retryAfter <= .seconds(10))
        }
        #expect(fixture.provider.calls.count == 1)
    }

    @Test func aFailureIsNeverSticky() {
        fixture.provider.fail(.serverError)
        fixture.ask(merchant.client.request)
        fixture.provider.recover()
        fixture.advance(by: .seconds(1))
        #expect(fixture.ask(merchant.client.request).served != nil)
    }

    // MARK: A rejected credential

    private func rejected(_ pending: PendingAnswer<ServedToken>) -> Duration? {
        if case .credentialRejected(let retryAfter) = pending.refusal { retryAfter } else { nil }
    }

    @Test func aRejectedCredentialIsQuarantinedForFiveMinutesAtLeastAndLongerEachTime() throws {
        fixture.provider.fail(.invalidClient)
        #expect(rejected(fixture.ask(merchant.client.request)) == .seconds(300))
        for _ in 0..<(3 * 3_600 / 5) {
            fixture.advance(by: .seconds(5))
            #expect(rejected(fixture.ask(merchant.client.request)) != nil)
        }
        let times = fixture.provider.calls.map(\.at)
        let pauses = zip(times, times.dropFirst()).map { ($1 - $0).fractionalSeconds }
        #expect(pauses.count == 5)
        for (pause, expected) in zip(pauses, [300.0, 600, 1_200, 2_400, 3_600]) {
            #expect(pause >= expected && pause <= expected + 5)
        }
        #expect(fixture.directory.credential(merchant.credential)?.state == .rejected)
    }

    @Test func theQuarantineSurvivesARestart() {
        fixture.provider.fail(.invalidClient)
        fixture.ask(merchant.client.request)
        fixture.advance(by: .seconds(60))
        fixture.restart()
        #expect(rejected(fixture.ask(merchant.client.request)) == .seconds(240))
        #expect(fixture.provider.calls.count == 1)
    }

    @Test func theQuarantineHoldsForOtherReplicasToo() {
        let other = fixture.addReplica()
        fixture.provider.fail(.invalidClient)
        fixture.ask(merchant.client.request)
        #expect(rejected(fixture.ask(merchant.client.request, of: other)) != nil)
        #expect(fixture.provider.calls.count == 1)
    }

    @Test func aTouchedCredentialEndsTheQuarantine() {
        fixture.provider.fail(.invalidClient)
        fixture.ask(merchant.client.request)
        fixture.provider.recover()
        fixture.advance(by: .seconds(10))
        #expect(rejected(fixture.ask(merchant.client.request)) != nil)
        fixture.tokens.endQuarantine(of: merchant.credential)
        fixture.changeCredential(merchant.credential) { $0.state = .active }
        fixture.follow()
        #expect(fixture.ask(merchant.client.request).served != nil)
    }

    @Test func aNewSecretEndsTheQuarantineAtOnce() {
        fixture.rotate(merchant.credential, to: "wrong")
        fixture.follow()
        #expect(rejected(fixture.ask(merchant.client.request)) == .seconds(300))
        fixture.rotate(merchant.credential, to: "secret-of-\(merchant.account)")
        fixture.follow()
        #expect(fixture.ask(merchant.client.request).served != nil)
    }

    @Test func outagesAreNeverBlamedOnTheCredential() {
        for reason in FailureReason.allCases where reason.fault == .provider {
            let fixture = GatewayFixture()
            let merchant = fixture.addMerchant()
            fixture.provider.fail(reason)
            let refusal = fixture.ask(merchant.client.request).refusal
            #expect(refusal?.fault == .provider, "\(reason)")
            #expect(fixture.directory.credential(merchant.credential)?.state == .active)
        }
    }

    @Test func aGoodTokenIsServedThoughTheCredentialIsRejected() throws {
        let token = try #require(fixture.ask(merchant.client.request).served).token
        fixture.provider.fail(.invalidClient)
        fixture.advance(by: .seconds(250))
        #expect(fixture.ask(merchant.client.request).served?.token == token)
        fixture.advance(by: .seconds(60))
        #expect(rejected(fixture.ask(merchant.client.request)) != nil)
    }
}
