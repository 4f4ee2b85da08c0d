// The gateway's time: one timeline, set by the database's clock once, at the start.
package import BursarCore
internal import Synchronization

/// Where time comes from. Tests bring their own.
package protocol GatewayClock: Sendable {
    func now() -> Instant
    /// Returns at `instant` or later, or throws when the task is cancelled.
    func sleep(until instant: Instant) async throws
    /// Moves the timeline, before anything else has been timed by it.
    func step(by offset: Duration)
}

/// Wall time read once at the start, then carried on by a clock that counts suspended time too: setting the
/// machine's clock moves no expiry.
package final class SystemGatewayClock: GatewayClock {
    private let start = ContinuousClock().now
    /// The microseconds that the timeline showed at `start`.
    private let anchor: Atomic<Int64>

    package init(wallClock: Instant) { anchor = Atomic(wallClock.microseconds) }

    package func now() -> Instant {
        Instant(microseconds: anchor.load(ordering: .relaxed)) + (ContinuousClock().now - start)
    }

    package func sleep(until instant: Instant) async throws {
        try await Task.sleep(for: max(instant - now(), Duration.zero), clock: .continuous)
    }

    package func step(by offset: Duration) {
        anchor.add(offset.microseconds, ordering: .relaxed)
    }
}
