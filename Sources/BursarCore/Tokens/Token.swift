// A token in hand, and when to renew it.

/// Counts the tokens of a slot. It only grows, also across rotations and restarts, so that a caller's
/// `rejected=<generation>` never brings an older token back.
package struct Generation: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let number: Int64

    package init(_ number: Int64) { self.number = number }

    /// The generation of a token issued now. Beginning at the second of issue keeps it above whatever an
    /// earlier slot of the same connection reached.
    package func next(at instant: Instant) -> Generation {
        let following = number.addingReportingOverflow(1)
        return Generation(
            max(following.overflow ? .max : following.partialValue, instant.microseconds / 1_000_000))
    }

    package static let none = Generation(0)
    package static func < (left: Generation, right: Generation) -> Bool { left.number < right.number }
    package var description: String { String(number) }
}

/// An access token with what is needed to serve and renew it. An object, since it is handed to many and never
/// changes.
package final class Token: Sendable, Equatable {
    package let access: Secret
    /// When the request that brought it was sent (PROVIDERS Z5).
    package let issuedAt: Instant
    package let expiresAt: Instant
    package let generation: Generation
    /// When to start renewing.
    package let renewAt: Instant
    /// The share of a tenth of the life by which renewal starts earlier, 0 ..< 1; fixed with the token.
    package let jitter: Double
    package let refresh: RefreshGrant?
    /// Whether each byte of `access` stands in a JSON string as it is (RFC 8259 §7).
    package let isPlain: Bool

    package init(
        access: Secret, issuedAt: Instant, expiresAt: Instant, generation: Generation, jitter: Double,
        refresh: RefreshGrant?
    ) {
        self.access = access
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.generation = generation
        self.refresh = refresh
        self.jitter = jitter
        isPlain = access.withBytes { bytes in
            bytes.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        }
        renewAt = Token.renewalTime(issuedAt: issuedAt, expiresAt: expiresAt, jitter: jitter)
    }

    package var lifetime: Duration { expiresAt - issuedAt }

    package static func == (left: Token, right: Token) -> Bool {
        left === right
            || left.access == right.access && left.refresh == right.refresh && left.jitter == right.jitter
                && left.generation == right.generation && left.issuedAt == right.issuedAt
                && left.expiresAt == right.expiresAt
    }

    /// What a token that is to be replaced leaves to its successor.
    package struct Remains: Sendable {
        package let generation: Generation
        package let lifetime: Duration
        package let refresh: RefreshGrant?

        package init(generation: Generation, lifetime: Duration, refresh: RefreshGrant?) {
            self.generation = generation
            self.lifetime = lifetime
            self.refresh = refresh
        }
    }

    package var remains: Remains { Remains(generation: generation, lifetime: lifetime, refresh: refresh) }

    /// What `expires_in` says: whole seconds that are left, rounded down.
    package func secondsLeft(at now: Instant) -> Int64 { expiresAt.microseconds(since: now) / 1_000_000 }

    /// A token with less than a second left is as good as over: its honest `expires_in` would be 0.
    package func isGood(at now: Instant) -> Bool { expiresAt.microseconds(since: now) >= 1_000_000 }

    /// The soft margin is `clamp(L/3, 90 s, 600 s)`, or `L/2` when `L < 180 s`, and renewal starts up to a
    /// tenth of `L` earlier by `jitter` (0 ..< 1): a fixed margin would eat a 300 s token, and tokens issued
    /// together would be renewed together.
    package static func renewalTime(issuedAt: Instant, expiresAt: Instant, jitter: Double) -> Instant {
        let life = (expiresAt - issuedAt).microseconds
        let margin =
            life < 180_000_000 ? life / 2 : min(max(life / 3, 90_000_000), 600_000_000)
        let earlier = Int64(Double(life) / 10 * jitter)
        return expiresAt - .microseconds(margin + earlier)
    }
}

/// A refresh token and its end, which stays what the full exchange set (PROVIDERS T1). It never leaves the
/// gateway (T3).
package struct RefreshGrant: Sendable, Equatable {
    package let token: Secret
    package let until: Instant

    package init(token: Secret, until: Instant) {
        self.token = token
        self.until = until
    }

    /// A refresh that could arrive after the end is not tried. A planned renewal looks further: when the
    /// refresh token would be over before the token that it brings, `life` later, the next renewal would come
    /// too late for the full exchange, so this one makes it (PROVIDERS T1).
    package func isUsable(at now: Instant, ahead life: Duration) -> Bool {
        until - now > max(.seconds(60), life)
    }
}
