// A provider that rejects everyone is at fault, and not the merchants.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct MassFailureTests {
    let fixture = GatewayFixture()

    private func isRejected(_ pending: PendingAnswer<ServedToken>) -> Bool {
        if case .credentialRejected = pending.refusal { true } else { false }
    }

    private func states(_ merchants: [TestMerchant]) -> [Credential.State?] {
        merchants.map { fixture.directory.credential($0.credential)?.state }
    }

    @Test func whenManyAreRejectedNobodyStaysQuarantined() {
        let merchants = (0..<12).map { _ in fixture.addMerchant() }
        fixture.provider.fail(.invalidClient)
        let pending = merchants.map { fixture.ask($0.client.request) }
        #expect(pending.prefix(4).allSatisfy(isRejected), "nobody can know it of the first ones")
        for answer in pending.dropFirst(4) {
            #expect(answer.refusal?.fault == .provider)
            guard case .unavailable(.massRejection, let retryAfter) = answer.refusal else {
                Issue.record("refused in another way: \(String(describing: answer.refusal))")
                return
            }
            #expect(retryAfter <= .seconds(10))
        }
        fixture.advance(by: .seconds(2))
        #expect(states(merchants).allSatisfy { $0 == .active }, "in the store too")
        fixture.provider.recover()
        fixture.advance(by: .seconds(11))
        #expect(merchants.map { fixture.ask($0.client.request) }.allSatisfy { $0.served != nil })
    }

    @Test func itIsCountedAsTheProvidersFault() {
        let merchants = (0..<12).map { _ in fixture.addMerchant() }
        fixture.provider.fail(.invalidClient)
        for merchant in merchants { fixture.ask(merchant.client.request) }
        fixture.flush()
        #expect(fixture.usage.events.filter { $0.failure == .invalidClient }.count == 4)
        #expect(fixture.usage.events.filter { $0.failure == .massRejection }.count == 8)
    }

    @Test func oneBadCredentialAmongGoodOnesStaysQuarantined() {
        let bad = fixture.addMerchant()
        let others = (0..<12).map { _ in fixture.addMerchant() }
        fixture.provider.behave {
            $0.clientID == bad.account ? .fail(ExchangeFailure(.invalidClient)) : .answer
        }
        for merchant in others + [bad] { fixture.ask(merchant.client.request) }
        fixture.advance(by: .seconds(30))
        #expect(isRejected(fixture.ask(bad.client.request)))
        #expect(states([bad]) == [.rejected])
    }

    @Test func aCredentialThatIsStillBadAfterwardsIsQuarantinedThen() {
        let merchants = (0..<12).map { _ in fixture.addMerchant() }
        let bad = merchants[0]
        fixture.provider.fail(.invalidClient)
        for merchant in merchants { fixture.ask(merchant.client.request) }
        fixture.provider.behave {
            $0.clientID == bad.account ? .fail(ExchangeFailure(.invalidClient)) : .answer
        }
        for _ in 0..<90 {
            fixture.advance(by: .seconds(1))
            for merchant in merchants { fixture.ask(merchant.client.request) }
        }
        #expect(merchants.dropFirst().map { fixture.ask($0.client.request) }.allSatisfy { $0.served != nil })
        #expect(isRejected(fixture.ask(bad.client.request)))
        #expect(states([bad]) == [.rejected])
    }

    @Test func thePardonWaitsForAStoreThatIsAway() {
        let merchants = (0..<12).map { _ in fixture.addMerchant() }
        fixture.provider.fail(.invalidClient)
        for merchant in merchants.prefix(4) { fixture.ask(merchant.client.request) }
        fixture.tokens.availability.failure = .unavailable
        for merchant in merchants.dropFirst(4) { fixture.ask(merchant.client.request) }
        fixture.advance(by: .seconds(5))
        #expect(states(Array(merchants.prefix(4))).allSatisfy { $0 == .rejected })
        fixture.tokens.availability.failure = nil
        fixture.advance(by: .seconds(2))
        #expect(states(merchants).allSatisfy { $0 == .active })
    }

    @Test func withoutTheStoreThePardonHoldsInMemory() {
        let merchants = (0..<12).map { _ in fixture.addMerchant() }
        fixture.provider.fail(.invalidClient)
        for merchant in merchants { fixture.ask(merchant.client.request) }
        fixture.tokens.availability.failure = .unavailable
        fixture.advance(by: .seconds(2))
        fixture.provider.recover()
        fixture.advance(by: .seconds(12))
        #expect(merchants.map { fixture.ask($0.client.request) }.allSatisfy { $0.served != nil })
        #expect(states(merchants).contains(.rejected), "the store has not heard of it")
        fixture.tokens.availability.failure = nil
        fixture.advance(by: .seconds(2))
        #expect(states(merchants).allSatisfy { $0 == .active })
    }

    @Test func aReplicaThatOnlyReadOfAQuarantineHearsOfThePardon() {
        let merchants = (0..<12).map { _ in fixture.addMerchant() }
        let other = fixture.addReplica()
        fixture.provider.fail(.invalidClient)
        for merchant in merchants.prefix(4) { fixture.ask(merchant.client.request) }
        let calls = fixture.provider.calls.count
        #expect(isRejected(fixture.ask(merchants[0].client.request, of: other)))
        #expect(fixture.provider.calls.count == calls, "it has read of it")
        for merchant in merchants.dropFirst(4) { fixture.ask(merchant.client.request) }
        fixture.provider.recover()
        fixture.advance(by: .seconds(8))
        #expect(fixture.ask(merchants[0].client.request, of: other).served != nil)
    }
}
