// The gateway's time: one timeline that never runs backwards.
package import BursarCore

/// Where time comes from. Tests bring their own.
package protocol GatewayClock: Sendable {
    func now() -> Instant
    /// Returns at `instant` or later, or throws when the task is cancelled.
    func sleep(until instant: Instant) async throws
}

/// Wall time read once at the start, then carried on by a clock that counts suspended time too: setting the
/// machine's clock moves no expiry.
package struct SystemGatewayClock: GatewayClock {
    private let anchor: Instant
    private let start: ContinuousClock.Instant

    package init(wallClock: Instant) {
        anchor = wallClock
        start = ContinuousClock().now
    }

    package func now() -> Instant { anchor + (ContinuousClock().now - start) }

    package func sleep(until instant: Instant) async throws {
        try await Task.sleep(for: max(instant - now(), Duration.zero), clock: .continuous)
    }
}
