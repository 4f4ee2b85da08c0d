// How long to leave a provider alone after a failure.

/// The pauses between attempts, as a function of the failure and of how many came before it.
package enum Backoff {
    /// Ordinary failures: 1 s, 2 s, 4 s … and never above 10 s, so that on demand a failing provider is tried
    /// again at most 10 s after the last failure (docs/API.md section 4).
    package static let longest: Duration = .seconds(10)
    /// A rejected credential: 5 min, 10 min … 1 h. Instant retries of a bad secret get addresses blocked.
    package static let shortestQuarantine: Duration = .seconds(300)
    package static let longestQuarantine: Duration = .seconds(3_600)

    /// Half of the step is fixed and half drawn by `jitter` (0 ..< 1): slots that failed together must not
    /// come back together. The provider's own `Retry-After` is a floor.
    package static func delay(after failure: ExchangeFailure, count: Int, jitter: Double) -> Duration {
        let quarantines = failure.reason.quarantines
        let first = quarantines ? shortestQuarantine : .seconds(1)
        let most = quarantines ? longestQuarantine : longest
        let step = min(first * (1 << min(max(count - 1, 0), 12)), most)
        let floor = quarantines ? step : step / 2
        let delay = floor + .microseconds(Int64(Double((step - floor).microseconds) * jitter))
        return max(delay, failure.retryAfter ?? .zero)
    }
}
