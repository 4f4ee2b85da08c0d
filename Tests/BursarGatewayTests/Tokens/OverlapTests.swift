// A replaced credential that is kept: when its token is served, when it is asked with, and when never.
import BursarCore
import BursarGateway
import BursarTestSupport
import MetricsTestKit
import Testing

@Suite struct OverlapTests {
    let metrics: TestMetrics
    let fixture: GatewayFixture
    let merchant: TestMerchant

    init() {
        let metrics = TestMetrics()
        var options = GatewayFixture.Options()
        options.metrics = metrics
        self.metrics = metrics
        fixture = GatewayFixture(options)
        merchant = fixture.addMerchant()
    }

    @discardableResult
    private func ask(_ demand: TokenDemand = .any, of replica: Gateway? = nil) -> PendingAnswer<ServedToken> {
        fixture.ask(merchant.client.request(demand), of: replica)
    }

    private func holder(_ pending: PendingAnswer<ServedToken>) -> String? {
        pending.served.flatMap { fixture.provider.holder(of: $0.token.access) }
    }

    private func calls(of account: String) -> Int {
        fixture.provider.calls.count { $0.clientID == account }
    }

    /// From now on the provider refuses `account` in this way, and nobody else.
    private func refuse(_ account: String, _ reason: FailureReason = .invalidClient) {
        fixture.provider.behave { call in
            call.clientID == account ? .fail(ExchangeFailure(reason)) : .answer
        }
    }

    /// A rotation to a credential that the provider turns out not to take.
    private func replaceByARejectedOne() -> (id: CredentialID, account: String) {
        let successor = fixture.replaceCredential(of: merchant)
        refuse(successor.account)
        fixture.follow()
        fixture.settle()
        return successor
    }

    // MARK: The change

    @Test func theSuccessorsTokenIsThereBeforeAnyoneAsksForIt() throws {
        ask()
        let successor = fixture.replaceCredential(of: merchant)
        fixture.follow()
        #expect(calls(of: successor.account) == 1)
        let pending = ask()
        #expect(holder(pending) == successor.account && pending.served?.source == .memory)
        fixture.advance(by: .seconds(1_000))
        #expect(calls(of: merchant.account) == 1, "the former one is not renewed")
    }

    @Test func untilTheSuccessorHasATokenTheFormersIsServedAtOnce() throws {
        ask()
        fixture.provider.behave { _ in .hold }
        let successor = fixture.replaceCredential(of: merchant)
        fixture.follow()
        let during = ask()
        #expect(holder(during) == merchant.account && during.served?.source == .memory)
        fixture.provider.recover()
        fixture.provider.release()
        fixture.settle()
        #expect(holder(ask()) == successor.account)
        #expect(calls(of: merchant.account) == 1 && calls(of: successor.account) == 1)
    }

    @Test func aConnectionThatNobodyUsedIsAskedForWhenSomebodyComes() {
        let successor = fixture.replaceCredential(of: merchant)
        fixture.follow()
        #expect(fixture.provider.calls.isEmpty)
        #expect(holder(ask()) == successor.account && calls(of: merchant.account) == 0)
    }

    @Test func callersWhoWaitForTheReplacedOneGetTheSuccessorsToken() {
        fixture.provider.behave { _ in .hold }
        let waiting = (0..<10).map { _ in ask() }
        fixture.provider.recover()
        let successor = fixture.replaceCredential(of: merchant)
        fixture.follow()
        fixture.settle()
        #expect(waiting.allSatisfy { $0.count == 1 && holder($0) == successor.account })
        fixture.provider.release()  // the former exchange ends well, and changes nothing
        fixture.settle()
        #expect(holder(ask()) == successor.account && fixture.provider.calls.count == 2)
    }

    @Test func aWithdrawnCredentialsLateAnswerIsDropped() {
        fixture.provider.behave { _ in .hold }
        let pending = ask()
        fixture.provider.recover()
        let successor = fixture.replaceCredential(of: merchant)
        fixture.follow()
        fixture.settle()
        fixture.retire(merchant.credential)
        fixture.follow()
        fixture.provider.release()
        fixture.settle()
        #expect(holder(pending) == successor.account && pending.count == 1)
        #expect(fixture.tokens.sealedBytes.count == 1)
        #expect(holder(ask()) == successor.account)
    }

    @Test func generationsGrowAcrossTheChangeAndBackWithinOneSecond() throws {
        let first = try #require(ask().served).token.generation
        let successor = fixture.replaceCredential(of: merchant)
        fixture.follow()
        let second = try #require(ask(TokenDemand(newerThan: first)).served).token.generation
        fixture.activate(merchant.credential, insteadOf: successor.id)
        fixture.follow()
        let back = ask(TokenDemand(newerThan: second))
        #expect(holder(back) == merchant.account)
        #expect(try #require(back.served).token.generation > second && second > first)
    }

    // MARK: A rejected successor

    @Test func whereTheProviderRejectsTheSuccessorTheFormerServesAndIsRenewedByRequests() throws {
        ask()
        let successor = replaceByARejectedOne()
        let first = ask()
        #expect(holder(first) == merchant.account && calls(of: merchant.account) == 1)
        fixture.advance(by: .seconds(290))
        #expect(calls(of: merchant.account) == 1, "nobody asked: it is not renewed by itself")
        #expect(holder(ask()) == merchant.account && calls(of: merchant.account) == 2)
        let renewed = try #require(ask().served)
        #expect(renewed.token.access != first.served?.token.access)
        #expect(calls(of: successor.account) == 1, "a rejected credential is quarantined all the same")
    }

    @Test func aReplicaThatKnowsNeitherTokenTakesTheFormersFromTheStore() {
        ask()
        _ = replaceByARejectedOne()
        fixture.restart()
        let pending = ask()
        #expect(holder(pending) == merchant.account && pending.served?.source == .store)
        #expect(calls(of: merchant.account) == 1)
    }

    @Test func theSuccessorServesAgainOnceTheProviderTakesIt() {
        ask()
        let successor = replaceByARejectedOne()
        #expect(holder(ask()) == merchant.account)
        fixture.provider.recover()
        fixture.advance(by: .seconds(301))
        #expect(holder(ask()) == successor.account)
    }

    @Test func goingBackTakesTheFormersTokenWithoutAnExchange() {
        ask()
        let successor = replaceByARejectedOne()
        fixture.activate(merchant.credential, insteadOf: successor.id)
        fixture.follow()
        #expect(holder(ask()) == merchant.account && fixture.provider.calls.count == 2)
        fixture.advance(by: .seconds(250))
        #expect(calls(of: merchant.account) == 2, "it is renewed by itself again")
    }

    @Test func bothRejectedIsTheMerchantsMatter() {
        ask()
        _ = replaceByARejectedOne()
        fixture.provider.fail(.invalidClient)
        fixture.advance(by: .seconds(301))
        guard case .credentialRejected = ask().refusal else {
            Issue.record("\(String(describing: ask().answer))")
            return
        }
    }

    @Test(arguments: [
        FailureReason.serverError, .timedOut, .connectFailed, .rateLimited, .requestRefused, .replyMalformed,
    ])
    func anyOtherFailureServesWhatIsInMemoryAndNeverAsksWithTheFormer(_ reason: FailureReason) {
        ask()
        let successor = fixture.replaceCredential(of: merchant)
        refuse(successor.account, reason)
        fixture.follow()
        #expect(holder(ask()) == merchant.account)
        fixture.advance(by: .seconds(301))
        guard case .unavailable(reason, _) = ask().refusal else {
            Issue.record("\(String(describing: ask().answer))")
            return
        }
        #expect(calls(of: merchant.account) == 1)
    }

    @Test func withdrawingTheFormerDropsItsTokenOnEveryReplica() {
        let other = fixture.addReplica()
        ask()
        ask(of: other)
        _ = replaceByARejectedOne()
        fixture.advance(by: .seconds(3))
        #expect(holder(ask()) == merchant.account && holder(ask(of: other)) == merchant.account)
        fixture.retire(merchant.credential)
        fixture.advance(by: .seconds(3))
        for pending in [ask(), ask(of: other)] {
            guard case .credentialRejected = pending.refusal else {
                Issue.record("\(String(describing: pending.answer))")
                return
            }
        }
        #expect(calls(of: merchant.account) == 1)
    }

    @Test func aReportAboutTheFormersTokenRenewsItOnlyWhereItServes() throws {
        let former = try #require(ask().served).token.access
        let successor = fixture.replaceCredential(of: merchant)
        fixture.follow()
        _ = fixture.report(former, by: merchant.client)
        fixture.settle()
        #expect(calls(of: merchant.account) == 1 && calls(of: successor.account) == 1)
        let other = fixture.addMerchant()
        let served = try #require(fixture.ask(other.client.request).served).token.access
        refuse(fixture.replaceCredential(of: other).account)
        fixture.follow()
        _ = fixture.report(served, by: other.client)
        fixture.settle()
        #expect(calls(of: other.account) == 2)
    }

    @Test func connectionsThatLiveOnTheFormerAreCounted() throws {
        let gauge = "bursar_connections_served_by_former"
        ask()
        _ = replaceByARejectedOne()
        ask()
        fixture.gateway.takeCensus()
        #expect(try metrics.expectGauge(gauge).lastValue == 1)
        fixture.provider.recover()
        fixture.advance(by: .seconds(301))
        fixture.gateway.takeCensus()
        #expect(try metrics.expectGauge(gauge).lastValue == 0)
    }

    @Test func aScopedTokenIsAskedForWithTheFormersOwnClientID() throws {
        let merchant = fixture.addMerchant(.alternative, lifetime: .seconds(3_600))
        fixture.ask(merchant.client.request)
        let successor = fixture.replaceCredential(of: merchant, .alternative)
        refuse(successor.account)
        fixture.follow()
        fixture.settle()
        let answer = fixture.scoped(
            ScopedRequest(token: merchant.client.request, members: ScopedTests.members))
        fixture.settle()
        let text = try #require(answer.value?.value).token.revealText()
        #expect(text.contains("client_id=\(merchant.account)"))
    }
}
