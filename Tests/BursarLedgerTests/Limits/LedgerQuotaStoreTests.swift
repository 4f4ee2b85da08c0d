// PostgreSQL's quota store passes the same suite as the one in memory, also when many exchange at once.
import BursarCore
import BursarTestSupport
import Postgres
import StoreTrials
import Testing

@testable import BursarLedger

@Suite struct LedgerQuotaStoreTests {
    @Test(arguments: QuotaStoreBehaviour.allCases)
    func behavesAsEveryQuotaStoreDoes(_ behaviour: QuotaStoreBehaviour) async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                try await behaviour.check(in: LedgerQuotaStoreWorld(store: ledger))
            }
        }
    }

    /// Every replica offers and asks for the same tenants in another order; whatever is taken was offered.
    @Test func exchangesAtOnceNeitherLockEachOtherOutNorTakeTwice() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                let sums = try await withThrowingTaskGroup(of: (offered: Int64, taken: Int64).self) { group in
                    for replica in 1...4 {
                        group.addTask { try await exchange(as: UInt64(replica), on: ledger) }
                    }
                    return try await group.reduce(into: (offered: Int64(0), taken: Int64(0))) {
                        $0.offered += $1.offered
                        $0.taken += $1.taken
                    }
                }
                let left = try await ledger.pool.query(
                    "SELECT coalesce(sum(offered), 0)::bigint AS sum FROM bursar.quota")
                #expect(sums.taken > 0)
                let sum = try #require(try left.first?.decode("sum", as: Int64.self))
                #expect(sums.taken + sum <= sums.offered)
            }
        }
    }

    @Test func whenVeryManyAreWantedOthersAreToldOfEachTime() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                let one = ReplicaID(UUIDValue(high: 1, low: 1))
                let other = ReplicaID(UUIDValue(high: 1, low: 2))
                let steps = (1...2_000).map { number in
                    QuotaStep(
                        tenant: TenantID(UUIDValue(high: 9, low: number)), ask: Quota(millionths: 100))
                }
                _ = try await ledger.exchange(QuotaRequest(replica: one, number: 1, steps: steps))
                try await ledger.pool.execute(
                    "UPDATE bursar.quota SET wanted_until = now() + interval '1 minute'")
                let empty = QuotaRequest(replica: other, number: 1, steps: [])
                let (first, second) = (try await ledger.exchange(empty), try await ledger.exchange(empty))
                #expect(first.wanted.count == 1_000 && second.wanted.count == 1_000)
                #expect(first.wanted != second.wanted)
            }
        }
    }

    private func exchange(as replica: UInt64, on ledger: Ledger) async throws -> (Int64, Int64) {
        var (offered, taken) = (Int64(0), Int64(0))
        for number in 1...25 {
            let tenants = (1...20).map { TenantID(UUIDValue(high: 9, low: $0)) }
            let inOrder = replica.isMultiple(of: 2) ? tenants : tenants.reversed()
            let offers = (UInt64(number) + replica).isMultiple(of: 2)
            let steps = inOrder.map { tenant in
                offers
                    ? QuotaStep(tenant: tenant, offer: Quota(millionths: 100))
                    : QuotaStep(tenant: tenant, ask: Quota(millionths: 150))
            }
            let answer = try await ledger.exchange(
                QuotaRequest(
                    replica: ReplicaID(UUIDValue(high: 1, low: replica)), number: Int64(number), steps: steps)
            )
            offered += steps.reduce(0) { $0 + $1.offer.millionths }
            taken += answer.settlements.reduce(0) { $0 + $1.taken.millionths }
        }
        return (offered, taken)
    }
}

private struct LedgerQuotaStoreWorld: QuotaStoreWorld {
    let store: Ledger

    func age() async throws {
        try await store.pool.execute(
            """
            UPDATE bursar.quota SET
                offered_until = offered_until - interval '3 s', wanted_until = wanted_until - interval '3 s'
            """)
    }
}
