// The gateway's time: one timeline, set by the database's clock once, at the start.
package import BursarCore
internal import Glibc
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
    /// What the timeline is ahead of the machine's running time, in microseconds.
    private let offset: Atomic<Int64>
    private let timers = TimerQueue()

    package init(wallClock: Instant) { offset = Atomic(wallClock.microseconds - Self.running) }

    package func now() -> Instant {
        Instant(microseconds: offset.load(ordering: .relaxed) + Self.running)
    }

    /// Microseconds since the machine's start. Read straight from the system: every request asks several
    /// times, and a `Duration` has 128 bits to divide.
    private static var running: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    package func sleep(until instant: Instant) async throws {
        try await timers.wait(until: .now + (instant - now()))
    }

    package func step(by duration: Duration) {
        offset.add(duration.microseconds, ordering: .relaxed)
    }
}
