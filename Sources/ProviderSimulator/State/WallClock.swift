// The world's clock, read once and then carried on by the monotonic one, so that it never goes back.

import FoundationEssentials

/// Unix time that only moves forward while the process lives.
struct WallClock: Sendable {
    private let start = ContinuousClock.now
    private let startMicroseconds = Int64(Date().timeIntervalSince1970 * 1_000_000)

    func now() -> Moment {
        let elapsed = start.duration(to: .now).components
        let microseconds = elapsed.seconds * 1_000_000 + elapsed.attoseconds / 1_000_000_000_000
        return Moment(microseconds: startMicroseconds + microseconds)
    }
}
