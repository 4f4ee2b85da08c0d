// The clock of a machine that is ahead of the others.
package import BursarCore
internal import BursarGateway
internal import Synchronization

/// Goes with a test's clock, at a distance that `step` changes.
package final class SkewedClock: GatewayClock {
    private let base: ManualClock
    private let ahead: Mutex<Duration>

    package init(_ base: ManualClock, ahead: Duration) {
        self.base = base
        self.ahead = Mutex(ahead)
    }

    package func now() -> Instant { base.now() + ahead.withLock { $0 } }

    package func sleep(until instant: Instant) async throws {
        try await base.sleep(until: instant - ahead.withLock { $0 })
    }

    package func step(by offset: Duration) { ahead.withLock { $0 += offset } }
}
