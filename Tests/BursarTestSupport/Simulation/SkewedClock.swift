// The clock of a machine that is ahead of the others.
package import BursarCore
internal import BursarGateway
internal import Synchronization

/// Goes with a test's clock, at a distance that `step` changes.
package final class SkewedClock: GatewayClock {
    private let clock: ManualClock
    private let ahead: Mutex<Duration>

    package init(_ clock: ManualClock, ahead: Duration) {
        self.clock = clock
        self.ahead = Mutex(ahead)
    }

    package func now() -> Instant { clock.now() + ahead.withLock { $0 } }

    package func sleep(until instant: Instant) async throws {
        try await clock.sleep(until: instant - ahead.withLock { $0 })
    }

    package func step(by offset: Duration) { ahead.withLock { $0 += offset } }
}
