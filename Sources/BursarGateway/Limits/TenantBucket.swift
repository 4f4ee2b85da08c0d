// A tenant's part of its limit on this replica, where requests and exchanges meet.
internal import BursarCore
internal import Synchronization

/// Outlives the entry of its tenant: what was spent stays spent when the configuration changes.
final class TenantBucket: Sendable {
    let tenant: TenantID
    private let bucket: Mutex<ShareBucket>

    init(tenant: TenantID, limit: RateLimit, share: ReplicaShare, now: Instant) {
        self.tenant = tenant
        bucket = Mutex(ShareBucket(limit, share: share, now: now))
    }

    func spend(now: Instant) -> (decision: GenericCellRate.Decision, isNoticed: Bool) {
        bucket.withLock { $0.spend(now: now) }
    }

    func shape(_ limit: RateLimit, share: ReplicaShare, now: Instant) {
        bucket.withLock { $0.shape(limit, share: share, now: now) }
    }

    func watch(now: Instant) -> Bool { bucket.withLock { $0.watch(now: now) } }

    func plan(now: Instant, isWanted: Bool, isAway: Bool) -> ShareBucket.Plan {
        bucket.withLock { $0.plan(now: now, isWanted: isWanted, isAway: isAway) }
    }

    func settle(_ settlement: QuotaSettlement, now: Instant) {
        bucket.withLock { $0.settle(taken: settlement.taken, left: settlement.left, now: now) }
    }

    func lose(now: Instant) { bucket.withLock { $0.lose(now: now) } }
}
