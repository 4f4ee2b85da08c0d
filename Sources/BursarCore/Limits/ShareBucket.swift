// One replica's part of a tenant's limit: what it may grant by itself, lends, and borrows.

/// The generic cell rate algorithm at a replica's share of the limit: answers cost so much more time, and the
/// window stays. Conserved over all replicas, which is what keeps the limit (docs/adr/0018): what a bucket
/// holds and what it has *out* are together never more than its part of the burst. Out is what others may
/// take of its offers, as far as it knows, and what it has asked for and may get: it keeps the room.
package struct ShareBucket: Sendable, Equatable {
    /// When the bucket would be full if nothing were out, in nanoseconds since the Unix epoch.
    private var fullAt = Self.untouched
    /// The latest time at which anything was spent.
    private var spentAt = Self.untouched
    /// Nanoseconds that one answer costs here; 0 when nothing may be granted.
    private var interval: Int64 = 0
    /// Nanoseconds in which the bucket fills; at least one interval, so that every share grants something.
    private var window: Int64 = 0
    /// `lent` and `asked` in nanoseconds: the bucket counts as full when so much is missing.
    private var out: Int64 = 0
    private var lent = Quota.none
    private var asked = Quota.none
    /// Whose part of the limit it grants; none where the part is too small to be one.
    package private(set) var share = ReplicaShare.none
    /// Whether exchanges look at this bucket; so few are watched that the others cost nothing.
    private var isWatched = false
    private var outlook = Outlook.unknown
    /// Requests since the last look, and when that was.
    private var demand: Int32 = 0
    private var quietLooks: Int32 = 0
    private var lookedAt: Int64 = 0

    /// What lending promises the next caller who has to be denied.
    private enum Outlook { case unknown, exchanging, away }

    /// Full whatever the share, since nothing was granted yet. A replica that starts has forgotten what it
    /// granted before; so each start may add its part of a burst, once.
    private static let untouched = Int64.min / 2
    /// A smaller share is a remainder of rounding, not a part among replicas.
    private static let leastShare = ReplicaShare(millionths: 1_000)
    /// Looks without demand after which a bucket is left alone.
    private static let patience = 4
    /// What a caller waits who may be helped with the next exchange.
    private static let helpTime: Int64 = 1_000_000_000

    package init() {}

    package init(_ limit: RateLimit, share: ReplicaShare, now: Instant) {
        shape(limit, share: share, now: now)
    }

    // MARK: Spending

    /// `isNoticed`: from now on exchanges have to look at this bucket. Who has waited for a processor since
    /// it read the clock is judged by the time of those who came before it: it must not pay for what they
    /// have spent out of what came in meanwhile.
    package mutating func spend(
        now: Instant
    ) -> (decision: GenericCellRate.Decision, isNoticed: Bool) {
        guard interval > 0 else { return (.denied(retryAfter: .seconds(1), reset: .seconds(1)), false) }
        let now = max(now.nanoseconds, spentAt)
        spentAt = now
        let start = max(fullAt, now + out)
        let after = start + interval
        let excess = after - now - window
        let isNoticed = notice(at: now, isShort: after - now > window / 4 * 3)
        guard excess <= 0 else {
            return (
                .denied(retryAfter: .nanoseconds(pause(excess)), reset: .nanoseconds(start - out - now)),
                isNoticed
            )
        }
        fullAt = after
        let reset = Duration.nanoseconds(after - out - now)
        return (.allowed(remaining: Int(-excess / interval), reset: reset), isNoticed)
    }

    private mutating func notice(at now: Int64, isShort: Bool) -> Bool {
        guard !isWatched else {
            if demand < .max { demand += 1 }
            return false
        }
        guard isShort, canLend else { return false }
        watch(at: now)
        demand = 1
        return true
    }

    /// Nobody can say when other replicas will lend. At the soonest the whole limit allows one more, and at
    /// first an exchange may help; while there are none, this bucket alone has to.
    private func pause(_ excess: Int64) -> Int64 {
        guard canLend else { return excess }
        switch outlook {
        case .away: return excess
        case .exchanging: return max(Int64(Double(excess) * Double(share.millionths) / 1_000_000), 1)
        case .unknown: return min(excess, Self.helpTime)
        }
    }

    // MARK: Exchanging

    /// Whether there are others, and more in a full bucket than the one answer that every replica may grant.
    private var canLend: Bool { share < .whole && window > interval }

    /// Has exchanges look at this bucket, because other replicas want what it can spare. False when they do.
    package mutating func watch(now: Instant) -> Bool {
        guard !isWatched, interval > 0 else { return false }
        watch(at: now.nanoseconds)
        return true
    }

    private mutating func watch(at now: Int64) {
        isWatched = true
        (demand, lookedAt, quietLooks, outlook) = (0, now, 0, .unknown)
    }

    /// What becomes of a bucket that was looked at.
    package enum Plan: Sendable, Equatable {
        /// There is nothing more to do about it.
        case forget
        case rest
        /// To be followed by `settle` or `lose`.
        case exchange(ask: Quota, offer: Quota)
    }

    /// Takes out what it offers, and keeps room for what it asks. Half of the bucket stays out of all this: a
    /// share may be halved at once without anything out being more than it.
    /// - Parameters:
    ///   - isWanted: whether other replicas ask for this tenant.
    ///   - isAway: whether the last exchange failed; then nothing is risked with the next.
    package mutating func plan(now: Instant, isWanted: Bool, isAway: Bool) -> Plan {
        let now = now.nanoseconds
        refill(by: now)
        let (level, keep) = (window - (fullAt - now), max(window / 2, interval))
        let isHungry = look(at: now, level: level)
        quietLooks = isHungry ? 0 : quietLooks + 1
        let spare = window - keep - out
        if isAway { outlook = .away }
        if !isAway, interval > 0, spare > 0 {
            if level >= keep, isWanted {
                return offer(quota(min(level - keep, spare)))
            }
            if level < keep, isHungry, share < .whole {
                return ask(quota(min(window - out - level, spare)))
            }
        }
        if lent > .none { return .exchange(ask: .none, offer: .none) }
        guard quietLooks >= Self.patience, !isWanted else { return .rest }
        isWatched = false
        return .forget
    }

    /// Whether it is asked for about as much as it may grant, or more.
    private mutating func look(at now: Int64, level: Int64) -> Bool {
        defer { (demand, lookedAt) = (0, now) }
        guard demand > 0 else { return false }
        let isBusy = Double(demand) * Double(interval) >= Double(now - lookedAt) * 0.75
        return isBusy || level < window / 4
    }

    private mutating func offer(_ quota: Quota) -> Plan {
        guard quota > .none else { return lent > .none ? .exchange(ask: .none, offer: .none) : .rest }
        fullAt += cost(quota)
        lent = lent + quota
        out = cost(lent)
        return .exchange(ask: .none, offer: quota)
    }

    private mutating func ask(_ quota: Quota) -> Plan {
        guard quota > .none else { return lent > .none ? .exchange(ask: .none, offer: .none) : .rest }
        asked = quota
        out = cost(lent + asked)
        return .exchange(ask: quota, offer: .none)
    }

    /// The exchange was made: `taken` is this bucket's now, and of its own offers `left` are still out.
    package mutating func settle(taken: Quota, left: Quota, now: Instant) {
        let now = now.nanoseconds
        refill(by: now)
        fullAt -= worth(min(taken, asked))
        (asked, lent, outlook) = (.none, min(left, lent), .exchanging)
        out = cost(lent)
    }

    /// Nobody knows whether the exchange was made. What was asked for is given up; what was offered, now and
    /// before, stays out until an exchange tells what is left of it.
    package mutating func lose(now: Instant) {
        refill(by: now.nanoseconds)
        (asked, outlook) = (.none, .away)
        out = cost(lent)
    }

    // MARK: Changing

    /// Gives the bucket another share or limit. Under another share it holds what it held, or less where that
    /// is more than its part; under another limit as much of the burst is spent as was.
    package mutating func shape(_ limit: RateLimit, share: ReplicaShare, now: Instant) {
        let now = now.nanoseconds
        let share = share < Self.leastShare ? .none : share
        let former = (interval: interval, window: window, share: self.share)
        self.share = share
        (interval, window) = Self.shape(limit, share)
        guard (interval, window) != (former.interval, former.window) else { return }
        guard former.interval > 0 else {
            out = cost(lent + asked)
            if fullAt != Self.untouched { fullAt = now + max(window, out) }
            return
        }
        let start = max(fullAt, now + out)
        guard interval > 0 else {
            fullAt = start
            return
        }
        let isOtherLimit = share == former.share
        let held =
            isOtherLimit
            ? scaled(former.window - (start - now), by: window, over: former.window)
            : scaled(former.window - (start - now), by: interval, over: former.interval)
        out = cost(lent + asked)
        fullAt = max(now + window - min(held, window), now + out)
    }

    private static func shape(_ limit: RateLimit, _ share: ReplicaShare) -> (Int64, Int64) {
        guard share > .none else { return (0, 0) }
        let whole = limit.interval.wholeNanoseconds
        let interval = -scaled(-whole, by: 1_000_000, over: Int64(share.millionths))
        return (interval, max(limit.window.wholeNanoseconds, interval))
    }

    // MARK: Time and amounts

    /// What time has brought beyond the room that is left is lost: it must not come back when something that
    /// was out no longer is.
    private mutating func refill(by now: Int64) { fullAt = max(fullAt, now + out) }

    /// Rounded down, as everything that is given.
    private func quota(_ time: Int64) -> Quota {
        Quota(millionths: scaled(time, by: 1_000_000, over: interval))
    }

    private func worth(_ quota: Quota) -> Int64 { scaled(quota.millionths, by: interval, over: 1_000_000) }

    /// Rounded up, as everything that is paid.
    private func cost(_ quota: Quota) -> Int64 {
        -scaled(-quota.millionths, by: interval, over: 1_000_000)
    }
}

/// Without overflow, rounded towards less.
private func scaled(_ value: Int64, by factor: Int64, over divisor: Int64) -> Int64 {
    let (quotient, remainder) = (Int128(value) * Int128(factor)).quotientAndRemainder(
        dividingBy: Int128(divisor))
    return Int64(clamping: remainder < 0 ? quotient - 1 : quotient)
}

extension Instant {
    /// Since the Unix epoch; good until 2262.
    var nanoseconds: Int64 { microseconds * 1_000 }
}
