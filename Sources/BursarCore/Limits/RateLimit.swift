// A tenant's rate limit: what it may spend and how often.

/// So many answers in a period, with room for a burst.
package struct RateLimit: Sendable, Hashable, CustomStringConvertible {
    // Small, since every tenant has one.
    private let heldCount: Int32
    private let heldBurst: Int32
    private let periodMicroseconds: Int64

    /// Nil unless count, period and burst are within 1 … 1,000,000 and 1 s … 1 day.
    package init?(count: Int, period: Duration, burst: Int) {
        guard (1...1_000_000).contains(count), (1...1_000_000).contains(burst),
            period >= .seconds(1), period <= .seconds(86_400)
        else { return nil }
        heldCount = Int32(count)
        heldBurst = Int32(burst)
        periodMicroseconds = period.microseconds
    }

    package var count: Int { Int(heldCount) }
    package var burst: Int { Int(heldBurst) }
    package var period: Duration { .microseconds(periodMicroseconds) }

    /// Reads `50/s`, `600/m`, `1000/h`, `10000/d`.
    package static func parse(rate: String, burst: Int) -> RateLimit? {
        let halves = rate.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let count = Int(halves[0]), let seconds = periods[String(halves[1])] else {
            return nil
        }
        return RateLimit(count: count, period: .seconds(seconds), burst: burst)
    }

    package var description: String {
        let unit =
            RateLimit.periods.first { .seconds($0.value) == period }?.key ?? "\(period.components.seconds)s"
        return "\(count)/\(unit)"
    }

    private static let periods = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]

    /// What a tenant gets that was given no limit of its own (docs/API.md section 3).
    package static let standard = RateLimit(count: 50, period: .seconds(1), burst: 100)!

    /// Time that one answer costs, rounded up: rounding must never add up to more than the limit.
    package var interval: Duration { .nanoseconds(intervalNanoseconds) }

    private var intervalNanoseconds: Int64 {
        (periodMicroseconds * 1_000 + Int64(count) - 1) / Int64(count)
    }

    /// Time in which a spent burst is whole again: the window of the `RateLimit-Policy` field.
    package var window: Duration { interval * burst }

    /// The same in seconds, rounded up. A million answers of a day each have more nanoseconds than 64 bits.
    package var windowSeconds: Int64 {
        let (window, isTooLong) = intervalNanoseconds.multipliedReportingOverflow(by: Int64(burst))
        return isTooLong ? self.window.secondsRoundedUp : (window - 1) / 1_000_000_000 + 1
    }
}

/// The generic cell rate algorithm: a limit in eight bytes of state, without windows that reset.
package struct GenericCellRate: Sendable, Equatable {
    /// When the bucket would be full again, in nanoseconds since the Unix epoch (good until 2262); the past
    /// means it is full now. Microseconds would round a limit of 300,000 a second by a tenth.
    private var fullAt = Int64.min / 2

    package init() {}

    package enum Decision: Sendable, Equatable {
        /// How many more could follow at once, and how long until the burst is whole again.
        case allowed(remaining: Int, reset: Duration)
        case denied(retryAfter: Duration, reset: Duration)
    }

    package mutating func spend(_ limit: RateLimit, now: Instant) -> Decision {
        let now = now.microseconds * 1_000
        let (interval, window) = (limit.interval.wholeNanoseconds, limit.window.wholeNanoseconds)
        let start = max(fullAt, now)
        let after = start + interval
        let excess = (after - now) - window
        guard excess <= 0 else {
            return .denied(retryAfter: .nanoseconds(excess), reset: .nanoseconds(start - now))
        }
        fullAt = after
        return .allowed(remaining: Int(-excess / interval), reset: .nanoseconds(after - now))
    }
}

extension Duration {
    /// At most a century, so that a day's interval times a million's burst does not overflow.
    var wholeNanoseconds: Int64 {
        let bounded = min(self, .seconds(3_155_760_000)).components
        return bounded.seconds * 1_000_000_000 + bounded.attoseconds / 1_000_000_000
    }
}
