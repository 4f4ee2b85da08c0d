// The steps of QuotaStoreBehaviour. None of them waits: what has ended was made old.
internal import BursarCore
internal import Testing

struct QuotaStoreTrial<World: QuotaStoreWorld>: Sendable {
    let world: World
    private let tenant = TenantID(UUIDValue(high: 7, low: 1))
    private let other = TenantID(UUIDValue(high: 7, low: 2))
    private let lender = ReplicaID(UUIDValue(high: 1, low: 1))
    private let second = ReplicaID(UUIDValue(high: 2, low: 2))
    private let borrower = ReplicaID(UUIDValue(high: 3, low: 3))

    init(world: World) { self.world = world }

    // MARK: Taking

    func anOfferIsTakenOnce() async throws {
        try await offer(500, by: lender, 1)
        #expect(try await take(500, by: borrower, 1) == 500)
        #expect(try await take(500, by: borrower, 2) == 0)
        #expect(try await take(500, by: second, 1) == 0)
    }

    func noMoreIsTakenThanIsAskedFor() async throws {
        try await offer(500, by: lender, 1)
        #expect(try await take(200, by: borrower, 1) == 200)
        #expect(try await take(200, by: second, 1) == 200)
        #expect(try await take(200, by: borrower, 2) == 100)
    }

    func offersOfSeveralReplicasAreTakenTogether() async throws {
        try await offer(300, by: lender, 1)
        try await offer(400, by: second, 1)
        #expect(try await take(600, by: borrower, 1) == 600)
        #expect(try await left(of: lender, 2) + left(of: second, 2) == 100)
    }

    func nobodyTakesHisOwnOffer() async throws {
        try await offer(500, by: lender, 1)
        #expect(try await take(500, by: lender, 2) == 0)
        #expect(try await left(of: lender, 3) == 500)
    }

    // MARK: Offering

    func offersAddUp() async throws {
        try await offer(500, by: lender, 1)
        #expect(try await offer(250, by: lender, 2) == 750)
        #expect(try await take(1_000, by: borrower, 1) == 750)
    }

    func whoOffersLearnsWhatIsLeft() async throws {
        try await offer(500, by: lender, 1)
        _ = try await take(120, by: borrower, 1)
        #expect(try await left(of: lender, 2) == 380)
        #expect(try await offer(20, by: lender, 3) == 400)
    }

    func anOfferEndsWithTime() async throws {
        try await offer(500, by: lender, 1)
        try await world.age()
        #expect(try await take(500, by: borrower, 1) == 0)
        #expect(try await left(of: lender, 2) == 0)
    }

    func addingToAnEndedOfferDoesNotReviveIt() async throws {
        try await offer(500, by: lender, 1)
        try await world.age()
        #expect(try await offer(30, by: lender, 2) == 30)
        #expect(try await take(500, by: borrower, 1) == 30)
    }

    // MARK: Asking

    func othersLearnWhoIsWanted() async throws {
        let mine = try await exchange([QuotaStep(tenant: tenant, ask: quota(5))], by: borrower, 1)
        #expect(mine.wanted.isEmpty, "who asks knows it himself")
        #expect(try await exchange([], by: lender, 1).wanted == [tenant])
        #expect(try await exchange([], by: second, 1).wanted == [tenant])
    }

    func anAskThatWasNotRepeatedIsForgotten() async throws {
        _ = try await take(5, by: borrower, 1)
        _ = try await left(of: borrower, 2)
        #expect(try await exchange([], by: lender, 1).wanted.isEmpty)
        _ = try await take(5, by: borrower, 3)
        try await world.age()
        #expect(try await exchange([], by: lender, 2).wanted.isEmpty)
    }

    // MARK: Exchanges

    func anExchangeThatComesLateDoesNothing() async throws {
        try await offer(500, by: lender, 2)
        _ = try await take(1, by: borrower, 2)
        for number in [Int64(1), 2] {
            let again = [QuotaStep(tenant: tenant, ask: .none, offer: quota(70))]
            #expect(try await exchange(again, by: lender, number).settlements.isEmpty)
            let taking = [QuotaStep(tenant: tenant, ask: quota(70))]
            #expect(try await exchange(taking, by: borrower, number).settlements.isEmpty)
        }
        #expect(try await left(of: lender, 3) == 499)
    }

    func tenantsAreApart() async throws {
        try await offer(500, by: lender, 1)
        let asked = try await exchange([QuotaStep(tenant: other, ask: quota(500))], by: borrower, 1)
        #expect(asked.settlements == [QuotaSettlement(tenant: other, taken: .none, left: .none)])
        #expect(try await take(500, by: borrower, 2) == 500)
    }

    func allTenantsOfAnExchangeAreSettled() async throws {
        let tenants = (1...300).map { TenantID(UUIDValue(high: 8, low: $0)) }
        let offers = tenants.enumerated().map { index, tenant in
            QuotaStep(tenant: tenant, offer: quota(Int64(index)))
        }
        _ = try await exchange(offers, by: lender, 1)
        let asks = tenants.map { QuotaStep(tenant: $0, ask: quota(100)) }
        let settlements = try await exchange(asks, by: borrower, 1).settlements
        let taken = Dictionary(uniqueKeysWithValues: settlements.map { ($0.tenant, $0.taken) })
        for (index, tenant) in tenants.enumerated() {
            #expect(taken[tenant] == quota(Int64(min(index, 100))))
        }
    }

    func anEmptyExchangeOnlyTellsWhatIsWanted() async throws {
        try await offer(500, by: lender, 1)
        let answer = try await exchange([], by: borrower, 1)
        #expect(answer == QuotaAnswer(settlements: [], wanted: []))
    }

    func largeAmountsAreKept() async throws {
        let most = Int64(1_000_000) * 1_000_000  // the largest burst there is, in millionths
        try await offer(most, by: lender, 1)
        try await offer(most, by: second, 1)
        #expect(try await take(2 * most, by: borrower, 1) == 2 * most)
    }

    // MARK: Steps

    private func quota(_ millionths: Int64) -> Quota { Quota(millionths: millionths) }

    private func exchange(
        _ steps: [QuotaStep], by replica: ReplicaID, _ number: Int64
    ) async throws -> QuotaAnswer {
        try await world.store.exchange(QuotaRequest(replica: replica, number: number, steps: steps))
    }

    /// What came of it for the tenant.
    private func settle(
        _ step: QuotaStep, by replica: ReplicaID, _ number: Int64
    ) async throws -> QuotaSettlement {
        let answer = try await exchange([step], by: replica, number)
        #expect(answer.settlements.count == 1)
        return try #require(answer.settlements.first { $0.tenant == tenant })
    }

    /// Returns what all its offers add up to.
    @discardableResult
    private func offer(_ amount: Int64, by replica: ReplicaID, _ number: Int64) async throws -> Int64 {
        let step = QuotaStep(tenant: tenant, offer: quota(amount))
        return try await settle(step, by: replica, number).left.millionths
    }

    private func take(_ amount: Int64, by replica: ReplicaID, _ number: Int64) async throws -> Int64 {
        let step = QuotaStep(tenant: tenant, ask: quota(amount))
        return try await settle(step, by: replica, number).taken.millionths
    }

    private func left(of replica: ReplicaID, _ number: Int64) async throws -> Int64 {
        try await settle(QuotaStep(tenant: tenant), by: replica, number).left.millionths
    }
}
