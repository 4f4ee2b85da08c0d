// How long to leave a provider alone after a failure.

/// The pauses between attempts, as a function of the failure and of how many came before it.
package enum Backoff {
    /// Ordinary failures: up to 1 s, 2 s, 4 s … and never above 10 s, so that on demand a failing provider is
    /// tried again at most 10 s after the last failure (docs/API.md section 4).
    package static let longest: Duration = .seconds(10)
    /// And never below this: nothing is asked in a loop.
    package static let shortest: Duration = .milliseconds(500)
    /// A rejected credential: 5 min, 10 min … 1 h. Instant retries of a bad secret get addresses blocked.
    package static let shortestQuarantine: Duration = .seconds(300)
    package static let longestQuarantine: Duration = .seconds(3_600)
    /// A provider that says "in a year" must not stop a tenant for a year.
    package static let longestRetryAfter: Duration = .seconds(3_600)
    /// Slots that may ask again at one moment do so within this time.
    package static let longestSpread: Duration = .seconds(2)

    /// The whole step is drawn by `jitter` (0 ..< 1): slots that failed together must not come back together.
    /// A quarantine is one credential's own and is not. The provider's own `Retry-After` is a floor.
    package static func delay(after failure: ExchangeFailure, count: Int, jitter: Double) -> Duration {
        let wish = min(failure.retryAfter ?? .zero, longestRetryAfter)
        if failure.reason == .circuitOpen { return max(wish + longestSpread * jitter, .milliseconds(1)) }
        let quarantines = failure.reason.quarantines
        let first = quarantines ? shortestQuarantine : .seconds(1)
        let most = quarantines ? longestQuarantine : longest
        let step = min(first * (1 << min(max(count - 1, 0), 12)), most)
        return max(quarantines ? step : jittered(step, by: jitter), wish)
    }

    /// Drawn from the whole step.
    static func jittered(_ step: Duration, by jitter: Double) -> Duration {
        shortest + .microseconds(Int64(Double((step - shortest).microseconds) * jitter))
    }
}
