// Lends and borrows what tenants may still be granted, for all of them in one exchange.
internal import BursarCore
internal import DequeModule
internal import Synchronization

/// Looks only at buckets that are short or that other replicas want something of. Requests never wait for it:
/// they spend what their bucket holds.
final class QuotaDesk: Sendable {
    private struct Contents {
        /// In the order in which they get their turn.
        var watched: Deque<Watched> = []
        /// What other replicas asked for at the last exchange.
        var wanted: Set<TenantID> = []
        var number: Int64 = 0
        var isAway = false
        var ticks = 0
    }

    /// A bucket and whose it is, or was.
    private struct Watched {
        let tenant: TenantID
        let bucket: TenantBucket

        init(_ entry: TenantEntry) { (tenant, bucket) = (entry.id, entry.bucket) }
    }

    private let contents = Mutex(Contents())
    private let store: any QuotaStore
    private let directory: Directory
    private let environment: GatewayEnvironment

    /// How often the desk looks whether there is anything to exchange.
    static let interval: Duration = .milliseconds(250)
    /// Without anything to exchange, or without a store, it asks what others want at every so manieth look.
    private static let idleTicks = 4
    /// Buckets in one exchange; others wait for the next.
    private static let turns = 500

    init(store: any QuotaStore, directory: Directory, environment: GatewayEnvironment) {
        self.store = store
        self.directory = directory
        self.environment = environment
    }

    /// Takes a tenant whose bucket has said it wants to be looked at.
    func watch(_ entry: TenantEntry) { contents.withLock { $0.watched.append(Watched(entry)) } }

    /// To be called each `interval`, by one at a time.
    func tick() async {
        let isDue = contents.withLock { contents in
            defer { contents.ticks += 1 }
            if contents.ticks % Self.idleTicks == 0 { return true }
            return !contents.watched.isEmpty && !contents.isAway
        }
        if isDue { await exchange() }
    }

    private func exchange() async {
        let (turn, wanted, isAway, number) = contents.withLock { contents in
            let turn = Array(contents.watched.prefix(Self.turns))
            contents.watched.removeFirst(turn.count)
            contents.number += 1
            return (turn, contents.wanted, contents.isAway, contents.number)
        }
        // The only replica has nobody to ask, but what it lent before.
        guard directory.share < .whole || !turn.isEmpty else { return }
        let (buckets, steps) = plan(turn, wanted: wanted, isAway: isAway)
        let request = QuotaRequest(replica: environment.replica, number: number, steps: steps)
        do throws(StoreFailure) {
            hear(try await store.exchange(request), buckets, of: request)
        } catch {
            // The store has reported it.
            let now = environment.clock.now()
            for bucket in buckets.values { bucket.lose(now: now) }
            contents.withLock { $0.isAway = true }
            environment.metrics.quotaExchangeFailed()
        }
    }

    private func plan(
        _ turn: [Watched], wanted: Set<TenantID>, isAway: Bool
    ) -> ([TenantID: TenantBucket], [QuotaStep]) {
        let now = environment.clock.now()
        var exchanging: [TenantID: TenantBucket] = [:]
        var steps: [QuotaStep] = []
        var remaining: [Watched] = []
        // A tenant that was removed and added again has another bucket: of two, one is nobody's any more, and
        // the store takes one step for each tenant.
        for watched in turn where directory.tenant(watched.tenant)?.bucket === watched.bucket {
            let (tenant, bucket) = (watched.tenant, watched.bucket)
            let plan = bucket.plan(now: now, isWanted: wanted.contains(tenant), isAway: isAway)
            if case .exchange(let ask, let offer) = plan {
                exchanging[tenant] = bucket
                steps.append(QuotaStep(tenant: tenant, ask: ask, offer: offer))
            }
            if plan != .forget { remaining.append(watched) }
        }
        contents.withLock { $0.watched.append(contentsOf: remaining) }
        return (exchanging, steps)
    }

    private func hear(
        _ answer: QuotaAnswer, _ buckets: [TenantID: TenantBucket], of request: QuotaRequest
    ) {
        let now = environment.clock.now()
        var unsettled = buckets
        for settlement in answer.settlements {
            unsettled.removeValue(forKey: settlement.tenant)?.settle(settlement, now: now)
        }
        for bucket in unsettled.values { bucket.lose(now: now) }
        let newlyWanted = answer.wanted.compactMap { directory.tenant($0) }
            .filter { $0.bucket.watch(now: now) }
        contents.withLock { contents in
            contents.isAway = false
            contents.wanted = answer.wanted
            contents.watched.append(contentsOf: newlyWanted.map(Watched.init))
        }
        environment.metrics.exchangedQuota(
            offered: request.steps.reduce(.none) { $0 + $1.offer },
            borrowed: answer.settlements.reduce(.none) { $0 + $1.taken },
            short: request.steps.count { $0.ask > .none })
    }
}
