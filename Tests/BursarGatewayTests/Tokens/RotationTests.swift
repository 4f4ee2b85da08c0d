// A replaced credential: its late answers are dropped, and its callers get the successor's token.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct RotationTests {
    let fixture = GatewayFixture()
    let merchant: TestMerchant

    init() { merchant = fixture.addMerchant() }

    private func rotate() {
        var account = ScriptedProvider.Account(secret: "new secret", lifetime: .seconds(300))
        account.formerSecret = "secret-of-\(merchant.account)"
        fixture.provider.setAccount(account, of: merchant.account)
        fixture.rotate(merchant.credential, to: "new secret")
    }

    @Test func theLateAnswerToAReplacedCredentialIsDroppedAndItsCallersGetTheSuccessorsToken() throws {
        fixture.provider.behave { _ in .hold }
        let waiting = (0..<10).map { _ in fixture.ask(merchant.client.request) }
        fixture.provider.behave { _ in .answer }
        rotate()
        fixture.follow()
        fixture.settle()
        #expect(waiting.allSatisfy { $0.count == 1 && $0.served != nil })
        let successor = try #require(waiting[0].served).token
        #expect(fixture.provider.calls.count == 2)
        fixture.provider.release()  // the first exchange ends well, with the former secret
        fixture.settle()
        #expect(fixture.ask(merchant.client.request).served?.token == successor)
        fixture.restart()
        #expect(fixture.ask(merchant.client.request).served?.token.access == successor.access)
    }

    @Test func aReplicaThatHasNotHeardOfTheRotationLearnsItFromTheStore() throws {
        let other = fixture.addReplica()
        fixture.provider.behave { _ in .hold }
        let pending = fixture.ask(merchant.client.request, of: other)
        rotate()  // and nobody has polled yet
        fixture.provider.recover()
        fixture.provider.release()
        fixture.settle()
        let served = try #require(pending.served)
        fixture.follow()
        #expect(fixture.ask(merchant.client.request).served?.token.access == served.token.access)
    }

    @Test func cancellingWhileTheSuccessorIsAwaitedIsKept() {
        fixture.provider.behave { _ in .hold }
        let pending = fixture.ask(merchant.client.request)
        rotate()
        fixture.follow()
        fixture.settle()
        pending.cancel()
        fixture.provider.recover()
        fixture.provider.release()
        fixture.settle()
        #expect(pending.count == 0)
    }

    @Test func aRotatedCredentialsOldTokenIsNotServed() throws {
        let former = try #require(fixture.ask(merchant.client.request).served).token
        rotate()
        fixture.advance(by: .seconds(3))
        let served = try #require(fixture.ask(merchant.client.request).served)
        #expect(served.token.access != former.access && served.token.generation > former.generation)
    }

    @Test func aRemovedConnectionEndsItsCallersWait() {
        fixture.provider.behave { _ in .hold }
        let pending = fixture.ask(merchant.client.request)
        fixture.directory.change { tables in
            tables.connections = [:]
            tables.credentials[merchant.credential] = nil
            tables.touch(merchant.tenant)
            tables.touch(merchant.credential)
        }
        fixture.tokens.removeSlots(of: merchant.credential)
        fixture.follow()
        fixture.settle()
        #expect(pending.count == 1 && pending.refusal == .targetUnknown([]))
        fixture.provider.release()
        fixture.settle()
        #expect(pending.count == 1)
    }

    @Test func switchingTheConnectionToAnotherCredentialTakesItsToken() throws {
        fixture.ask(merchant.client.request)
        let (second, account) = fixture.addCredential(owner: OwnerID(merchant.tenant), .zertiban)
        fixture.connect(merchant.tenant, to: second)
        fixture.follow()
        let served = try #require(fixture.ask(merchant.client.request).served)
        #expect(fixture.provider.holder(of: served.token.access) == account)
    }

    @Test func aPendingCredentialIsNotAskedWith() {
        fixture.ask(merchant.client.request)
        fixture.changeCredential(merchant.credential) { $0.state = .pending }
        fixture.follow()
        let calls = fixture.provider.calls.count
        #expect(fixture.ask(merchant.client.request).refusal == .credentialPending)
        fixture.advance(by: .seconds(400))
        #expect(fixture.provider.calls.count == calls)
    }
}
