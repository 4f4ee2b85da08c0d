// Callers whose credential is replaced while they wait: none is refused for it, and few look into the store.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct SuccessorTests {
    let fixture = GatewayFixture()
    let merchant: TestMerchant

    init() { merchant = fixture.addMerchant(.alternative, lifetime: .seconds(3_600)) }

    private func holder(_ served: ServedToken) -> String? {
        fixture.provider.holder(of: served.token.access)
    }

    private func askScoped() -> Eventually<Answer<ServedScopedToken>> {
        let answer = fixture.scoped(
            ScopedRequest(token: merchant.client.request, members: ScopedTests.members))
        fixture.settle()
        return answer
    }

    @Test func theSuccessorIsTakenFromMemoryWithoutALook() {
        fixture.provider.behave { _ in .hold }
        let waiting = fixture.ask(merchant.client.request)
        fixture.provider.recover()
        let successor = fixture.replaceCredential(of: merchant, .alternative)
        let reads = fixture.directory.availability.calls
        fixture.follow()
        #expect(fixture.directory.availability.calls == reads + 1, "the reading that told of it alone")
        #expect(waiting.count == 1 && waiting.served.flatMap(holder) == successor.account)
        fixture.provider.release()
        fixture.settle()
        #expect(waiting.count == 1)
    }

    @Test func aScopedCallWhoseCredentialIsReplacedMeanwhileGoesOnWithTheSuccessor() throws {
        let former = merchant.account
        fixture.provider.behave { $0.clientID == former ? .hold : .answer }
        let answer = askScoped()
        #expect(answer.value == nil)
        let successor = fixture.replaceCredential(of: merchant, .alternative)
        let reads = fixture.directory.availability.calls
        fixture.follow()
        fixture.settle()
        let text = try #require(answer.value?.value).token.revealText()
        #expect(text.contains("client_id=\(successor.account)"))
        #expect(fixture.directory.availability.calls == reads + 1)
        fixture.provider.release()
        fixture.settle()
    }

    @Test func aScopedCallThatTheStoreToldOfTheSuccessorLooksItUp() throws {
        let successor = fixture.replaceCredential(of: merchant, .alternative)
        fixture.retire(merchant.credential)  // and nobody has polled yet
        let answer = askScoped()
        let text = try #require(answer.value?.value).token.revealText()
        #expect(text.contains("client_id=\(successor.account)"))
        #expect(fixture.provider.calls.allSatisfy { $0.clientID == successor.account })
    }

    @Test func aReportAboutTheTokenThatStandsInWaitsForTheSuccessors() throws {
        let former = try #require(fixture.ask(merchant.client.request).served).token
        fixture.provider.behave { _ in .hold }
        let successor = fixture.replaceCredential(of: merchant, .alternative)
        fixture.follow()
        #expect(fixture.ask(merchant.client.request).served?.token == former)
        let report = fixture.report(former.access, by: merchant.client)
        fixture.settle()
        #expect(report.value == nil)
        fixture.provider.recover()
        fixture.provider.release()
        fixture.settle()
        #expect(report.value?.refusal == nil && report.value != nil)
        #expect(fixture.ask(merchant.client.request).served.flatMap(holder) == successor.account)
        #expect(fixture.provider.calls.count == 2, "the former credential is not asked with")
    }
}
