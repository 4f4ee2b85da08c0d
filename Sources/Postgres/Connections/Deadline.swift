// A moment after which nobody waits any longer; poll(2) wants it in milliseconds.

/// A moment on the monotonic clock.
struct Deadline: Sendable {
    let instant: ContinuousClock.Instant

    init(after duration: Duration) {
        instant = .now.advanced(by: duration)
    }

    private init(_ instant: ContinuousClock.Instant) {
        self.instant = instant
    }

    /// A moment that leaves this many parties an equal share of what is left.
    func share(of parties: Int) -> Deadline {
        let left = max(.zero, ContinuousClock.now.duration(to: instant))
        return Deadline(.now.advanced(by: left / max(1, parties)))
    }

    var hasPassed: Bool { ContinuousClock.now >= instant }

    /// What is left for poll(2), rounded up so that waiting it out means the deadline has passed.
    var milliseconds: Int32 {
        let left = ContinuousClock.now.duration(to: instant)
        guard left > .zero else { return 0 }
        let (seconds, attoseconds) = left.components
        return Int32(clamping: seconds.clampedTimes1000 + attoseconds / 1_000_000_000_000_000 + 1)
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 {
        components.seconds.clampedTimes1000 + components.attoseconds / 1_000_000_000_000_000
    }
}

extension Int64 {
    /// Far beyond any deadline, and far from overflow.
    fileprivate var clampedTimes1000: Int64 { Swift.min(Swift.max(self, -1 << 40), 1 << 40) * 1000 }
}
