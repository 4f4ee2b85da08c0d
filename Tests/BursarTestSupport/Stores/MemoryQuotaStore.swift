// Quota between replicas in memory, with the same rules as the database's.
package import BursarCore
package import BursarGateway
internal import Synchronization

/// A `QuotaStore` that passes `QuotaStoreBehaviour` as BursarLedger does. Its clock is the test's.
package final class MemoryQuotaStore: QuotaStore {
    private struct Row {
        var exchange: Int64
        var offered = Quota.none
        var offeredUntil = Instant(microseconds: 0)
        var wantedUntil = Instant(microseconds: 0)
    }

    private struct RowID: Hashable {
        let tenant: TenantID
        let replica: ReplicaID
    }

    private let rows = Mutex<[RowID: Row]>([:])
    private let repeats = Mutex(0)
    private let clock: any GatewayClock
    /// Takes the store away.
    package let power = StoreSwitch()

    package init(clock: any GatewayClock) { self.clock = clock }

    /// Exchanges that named a tenant twice, all of which failed.
    package var repeated: Int { repeats.withLock { $0 } }

    package func exchange(_ request: QuotaRequest) async throws(StoreFailure) -> QuotaAnswer {
        try power.pass()
        // No statement changes one row twice.
        guard Set(request.steps.map(\.tenant)).count == request.steps.count else {
            repeats.withLock { $0 += 1 }
            throw .unexpected
        }
        return answer(request)
    }

    /// Makes the exchange, whether or not anybody hears of it.
    package func answer(_ request: QuotaRequest) -> QuotaAnswer {
        let now = clock.now()
        return rows.withLock { rows in
            let settlements = request.steps.compactMap { step in
                Self.settle(step, of: request, in: &rows, at: now)
            }
            let wanted = rows.filter { $0.key.replica != request.replica && $0.value.wantedUntil > now }
            return QuotaAnswer(settlements: settlements, wanted: Set(wanted.keys.map(\.tenant)))
        }
    }

    private static func settle(
        _ step: QuotaStep, of request: QuotaRequest, in rows: inout [RowID: Row], at now: Instant
    ) -> QuotaSettlement? {
        let id = RowID(tenant: step.tenant, replica: request.replica)
        var mine = rows[id] ?? Row(exchange: .min)
        guard mine.exchange < request.number else { return nil }
        mine.exchange = request.number
        mine.offered = (mine.offeredUntil > now ? mine.offered : .none) + step.offer
        if step.offer > .none { mine.offeredUntil = now + .seconds(2) }
        mine.wantedUntil = step.ask > .none ? now + .seconds(1) : Instant(microseconds: 0)
        rows[id] = mine
        var taken = Quota.none
        let others = rows.filter {
            $0.key.tenant == step.tenant && $0.key.replica != request.replica && $0.value.offeredUntil > now
        }
        let oldestFirst = others.sorted { left, right in
            (left.value.offeredUntil, left.key.replica.uuid.high)
                < (right.value.offeredUntil, right.key.replica.uuid.high)
        }
        for (other, row) in oldestFirst {
            let amount = min(row.offered, step.ask - taken)
            rows[other]?.offered = row.offered - amount
            taken = taken + amount
        }
        return QuotaSettlement(tenant: step.tenant, taken: taken, left: mine.offered)
    }

    /// What can still be taken, for tests of the sum.
    package func offered(_ tenant: TenantID) -> Quota {
        let now = clock.now()
        return rows.withLock { rows in
            rows.filter { $0.key.tenant == tenant && $0.value.offeredUntil > now }
                .reduce(.none) { $0 + $1.value.offered }
        }
    }
}
