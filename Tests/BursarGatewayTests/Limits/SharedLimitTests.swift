// One tenant's limit on several gateways: shares, and quota lent through the store.
import BursarCore
import BursarTestSupport
import Testing

@testable import BursarGateway

@Suite struct SharedLimitTests {
    let fixture = GatewayFixture()

    /// A second gateway, both with half of every limit.
    private func addHalf() -> Gateway {
        let second = fixture.addReplica()
        fixture.advance(by: .seconds(3))
        #expect(
            fixture.gateway.membership.share == .equal(among: 2)
                && second.membership.share == .equal(among: 2))
        return second
    }

    private func addMerchant(
        count: Int = 50, period: Duration = .seconds(1), burst: Int = 100
    ) -> TestMerchant {
        fixture.addMerchant(limit: RateLimit(count: count, period: period, burst: burst)!)
    }

    /// How many of so many requests at one gateway were let through.
    private func ask(_ gateway: Gateway, _ merchant: TestMerchant, times: Int) -> Int {
        (0..<times).count { _ in
            let pending = PendingAnswer<ServedToken>()
            gateway.token(merchant.client.request, respond: pending.respond)
            fixture.settle()
            return pending.served != nil
        }
    }

    @Test func twoGatewaysGrantTheBurstTogether() {
        let merchant = addMerchant()
        let second = addHalf()
        #expect(ask(fixture.gateway, merchant, times: 80) == 50)
        #expect(ask(second, merchant, times: 80) == 50)
    }

    @Test func theFieldsStateTheTenantsLimitAndWhatIsLeftHere() throws {
        let merchant = addMerchant()
        _ = addHalf()
        let limit = try #require(fixture.ask(merchant.client.request).answer?.limit)
        #expect(limit.limit.burst == 100 && limit.limit.window == .seconds(2))
        #expect(limit.remaining == 49)
    }

    @Test func aTenantWithAllItsLoadOnOneGatewayGetsItsLimit() {
        let merchant = addMerchant()
        let second = addHalf()
        var passed = 0
        for step in 0..<120 {
            if step == 20 { passed = 0 }  // five seconds to get going
            passed += ask(second, merchant, times: 25)
            fixture.advance(by: .milliseconds(250))
        }
        #expect(passed >= 25 * 50 * 95 / 100 && passed <= 25 * 50 + 100)
    }

    @Test func withoutTheStoreNobodyWaitsAndEachGrantsItsShare() {
        let merchant = addMerchant()
        let second = addHalf()
        _ = ask(second, merchant, times: 100)
        fixture.quota.power.failure = .unavailable
        var passed = 0
        for _ in 0..<40 {
            fixture.advance(by: .milliseconds(250))
            passed += ask(second, merchant, times: 25)
        }
        #expect(passed >= 240 && passed <= 250)
        fixture.quota.power.failure = nil
        fixture.advance(by: .seconds(3))
        for _ in 0..<40 {
            passed += ask(second, merchant, times: 25)
            fixture.advance(by: .milliseconds(250))
        }
        #expect(passed >= 250 + 450, "and lending goes on by itself")
    }

    @Test func theOnlyGatewayAsksNobody() {
        let merchant = addMerchant()
        _ = ask(fixture.gateway, merchant, times: 200)
        fixture.advance(by: .seconds(10))
        #expect(fixture.quota.power.calls == 0)
    }

    @Test func gatewaysWithoutShortTenantsAskOnceASecond() {
        let merchant = addMerchant()
        let second = addHalf()
        let before = fixture.quota.power.calls
        for _ in 0..<10 {
            _ = ask(second, merchant, times: 1)
            fixture.advance(by: .seconds(1))
        }
        #expect(fixture.quota.power.calls - before <= 2 * 11)
    }

    /// More than fit into one exchange. In so short a time their limit brings nothing: all is lent.
    @Test func manyShortTenantsAllGetTheirTurn() {
        let merchants = (0..<520).map { _ in addMerchant(count: 1, period: .seconds(600), burst: 40) }
        let second = addHalf()
        for merchant in merchants { #expect(ask(second, merchant, times: 20) == 20) }
        var passed = Array(repeating: 0, count: merchants.count)
        for _ in 0..<16 {
            for index in merchants.indices { passed[index] += ask(second, merchants[index], times: 2) }
            fixture.advance(by: .milliseconds(250))
        }
        #expect(passed.min()! >= 10 && passed.max()! <= 20)
    }

    @Test func aLimitThatIsSetAppliesToTheShare() {
        let merchant = addMerchant()
        let second = addHalf()
        fixture.changeTenant(merchant.tenant) {
            $0.limit = RateLimit(count: 5, period: .seconds(1), burst: 10)!
        }
        fixture.advance(by: .seconds(2))
        #expect(ask(second, merchant, times: 50) == 5)
    }

    @Test func aTenantThatIsAddedLaterHasTheShareToo() {
        let second = addHalf()
        let merchant = addMerchant()
        fixture.advance(by: .seconds(2))
        #expect(ask(second, merchant, times: 80) == 50)
    }

    @Test func aTenantThatIsRemovedAndAddedAgainIsExchangedOnce() {
        let merchant = addMerchant()
        let second = addHalf()
        let before = fixture.quota.power.calls
        #expect(ask(second, merchant, times: 80) == 50)
        let tenant = fixture.directory.change { $0.tenants[merchant.tenant] }
        for present in [nil, tenant] {
            fixture.directory.change { tables in
                tables.tenants[merchant.tenant] = present
                tables.touch(merchant.tenant)
            }
            _ = fixture.run { await second.follow() }
        }
        #expect(ask(second, merchant, times: 80) == 50, "its bucket is another one")
        fixture.advance(by: .milliseconds(250))
        #expect(fixture.quota.power.calls > before && fixture.quota.repeated == 0)
    }

    @Test func aShareThatChangesLeavesTheLimitAsItIsByThen() throws {
        let (limit, lower) = (
            try #require(RateLimit(count: 1, period: .seconds(3_600), burst: 100)),
            try #require(RateLimit(count: 1, period: .seconds(3_600), burst: 10))
        )
        let now = fixture.clock.now()
        let bucket = TenantBucket(limit: limit, share: .whole, now: now)
        bucket.limit(to: lower, now: now)
        bucket.grant(.equal(among: 2), now: now)
        let granted = (0..<50).count { _ in
            if case .allowed = bucket.spend(now: now).decision { true } else { false }
        }
        #expect(granted == 5)
    }
}
