// A tenant's part of its limit on this replica, where requests and exchanges meet.
internal import BursarCore
internal import Synchronization

/// Outlives the entry of its tenant: what was spent stays spent when the configuration changes.
final class TenantBucket: Sendable {
    private let contents: Mutex<Contents>

    private struct Contents {
        var limit: RateLimit
        var bucket: ShareBucket
    }

    init(limit: RateLimit, share: ReplicaShare, now: Instant) {
        contents = Mutex(Contents(limit: limit, bucket: ShareBucket(limit, share: share, now: now)))
    }

    func spend(now: Instant) -> (decision: GenericCellRate.Decision, isNoticed: Bool) {
        contents.withLock { $0.bucket.spend(now: now) }
    }

    /// The share stays: the configuration sets the limit, and nothing else does.
    func limit(to limit: RateLimit, now: Instant) {
        contents.withLock { contents in
            contents.limit = limit
            contents.bucket.shape(limit, share: contents.bucket.share, now: now)
        }
    }

    /// The limit stays, whatever it is by now.
    func grant(_ share: ReplicaShare, now: Instant) {
        contents.withLock { $0.bucket.shape($0.limit, share: share, now: now) }
    }

    func watch(now: Instant) -> Bool { contents.withLock { $0.bucket.watch(now: now) } }

    func plan(now: Instant, isWanted: Bool, isAway: Bool) -> ShareBucket.Plan {
        contents.withLock { $0.bucket.plan(now: now, isWanted: isWanted, isAway: isAway) }
    }

    func settle(_ settlement: QuotaSettlement, now: Instant) {
        contents.withLock { $0.bucket.settle(taken: settlement.taken, left: settlement.left, now: now) }
    }

    func lose(now: Instant) { contents.withLock { $0.bucket.lose(now: now) } }
}
