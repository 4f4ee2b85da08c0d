// One replica among others: shares, clocks, what is reported, and what a withdrawal does to those who wait.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct MembershipTests {
    let fixture = GatewayFixture()
    let merchant: TestMerchant

    init() { merchant = fixture.addMerchant() }

    @Test func theOnlyReplicaHasTheWhole() {
        #expect(fixture.gateway.membership.share == .whole && fixture.gateway.isReady)
    }

    @Test func aNewReplicaIsReadyOnceTheOtherHasGivenUpAShare() {
        let other = fixture.addReplica(joins: false)
        #expect(other.membership.share == .none && !other.isReady)
        fixture.advance(by: .seconds(2))
        #expect(other.isReady)
        #expect([fixture.gateway, other].allSatisfy { $0.membership.share == .equal(among: 2) })
    }

    @Test func withoutTheStoreEveryShareStaysAsItIs() {
        let other = fixture.addReplica()
        fixture.advance(by: .seconds(2))
        fixture.replicas.availability.failure = .unavailable
        fixture.advance(by: .seconds(300))
        #expect(
            [fixture.gateway, other].allSatisfy { $0.membership.share == .equal(among: 2) && $0.isReady })
        fixture.replicas.availability.failure = nil
        fixture.advance(by: .seconds(2))
        #expect([fixture.gateway, other].allSatisfy { $0.membership.share == .equal(among: 2) })
    }

    @Test func whoWasKilledAndStartsAgainHasItsShareAtOnce() {
        fixture.restart()
        #expect(fixture.gateway.membership.share == .whole && fixture.gateway.isReady)
        #expect(fixture.replicas.reports.count == 1)
    }

    @Test func itReportsWhatItHasApplied() {
        fixture.changeTenant(merchant.tenant) { $0.name = "Other" }
        // A look for changes, and the next heartbeat.
        fixture.advance(by: .seconds(5))
        #expect(fixture.replicas.reports.map(\.applied) == [fixture.directory.version])
    }

    @Test func whoLeavesSaysSoAndServesOn() {
        fixture.gateway.leave()
        #expect(fixture.gateway.readiness == .leaving)
        #expect(fixture.ask(merchant.client.request).served != nil)
    }

    // MARK: Clocks

    @Test(arguments: [Duration.seconds(600), .seconds(-600)])
    func aReplicaTakesTheStoresTime(ahead: Duration) throws {
        let other = fixture.addReplica(ahead: ahead)
        fixture.advance(by: .seconds(2))
        #expect(other.environment.clock.now() == fixture.clock.now())
        let served = try #require(fixture.ask(merchant.client.request, of: other).served)
        #expect(fixture.ask(merchant.client.request).served?.token.expiresAt == served.token.expiresAt)
    }

    @Test func nothingIsReadBeforeTheTimeIsRight() {
        fixture.replicas.availability.failure = .unavailable
        let reads = fixture.directory.availability.calls
        let other = fixture.addReplica(ahead: .seconds(-600))
        #expect(fixture.ask(merchant.client.request, of: other).refusal == .directoryUnavailable)
        #expect(fixture.directory.availability.calls == reads && !other.isReady)
        fixture.replicas.availability.failure = nil
        fixture.advance(by: .seconds(4))
        #expect(fixture.ask(merchant.client.request, of: other).served != nil)
    }

    // MARK: Withdrawal

    @Test func whoseTenantIsSuspendedWhileTheyWaitGetsNothing() {
        let pending = wait { fixture.changeTenant(merchant.tenant) { $0.state = .suspended } }
        #expect(pending.refusal == .tenantSuspended)
    }

    @Test func whoIsRevokedWhileTheyWaitGetsNothing() {
        let pending = wait {
            fixture.directory.change { tables in
                tables.clients[merchant.client.id] = nil
                tables.touch(merchant.client.id)
            }
        }
        #expect(pending.refusal == .clientUnknown)
    }

    /// A request that waits for the provider while something changes, to its end.
    private func wait(_ change: () -> Void) -> PendingAnswer<ServedToken> {
        fixture.provider.behave { _ in .hold }
        let pending = fixture.ask(merchant.client.request)
        change()
        fixture.follow()
        fixture.provider.recover()
        fixture.provider.release()
        fixture.settle()
        #expect(pending.count == 1)
        return pending
    }

    @Test func aReadingFromScratchKeepsTheTokens() throws {
        let served = try #require(fixture.ask(merchant.client.request).served)
        let (gateway, calls) = (fixture.gateway, fixture.provider.calls.count)
        let reads = fixture.directory.availability.calls
        fixture.run { await gateway.databaseMoved() }
        #expect(fixture.directory.availability.calls == reads + 1)
        #expect(fixture.ask(merchant.client.request).served?.token == served.token)
        #expect(fixture.provider.calls.count == calls)
    }
}
