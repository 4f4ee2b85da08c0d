// What every part of the gateway needs: time, randomness, a name, a log.
package import BursarCore
package import Logging
package import Tracing

/// Passed by value to the parts that act; decisions get plain arguments instead.
package struct GatewayEnvironment: Sendable {
    package let clock: any GatewayClock
    package let random: RandomSource
    package let replica: ReplicaID
    package let metrics: GatewayMetrics
    package let logger: Logger
    /// Nil when nobody takes spans.
    package let tracer: (any Tracer)?
    /// Where tasks run that a request begins; nil is the usual pool. Simulated time brings one that it can
    /// run until it is idle.
    package let executor: (any TaskExecutor)?
    /// Where work runs that waits for the disk.
    package let offload: Offload

    package init(
        clock: any GatewayClock, random: RandomSource, replica: ReplicaID, metrics: GatewayMetrics,
        logger: Logger, tracer: (any Tracer)? = nil, executor: (any TaskExecutor)? = nil, offload: Offload
    ) {
        self.offload = offload
        self.clock = clock
        self.random = random
        self.replica = replica
        self.metrics = metrics
        self.logger = logger
        self.tracer = tracer
        self.executor = executor
    }

    func makeID(at now: Instant) -> UUIDValue { .version7(at: now, random: random.words()) }

    /// Waits; a cancelled task waits no longer.
    func pause(_ duration: Duration) async { try? await clock.sleep(until: clock.now() + duration) }

    func found(_ damage: JournalDamage) {
        metrics.found(damage)
        logger.error(
            "a part of the usage journal is damaged",
            metadata: [
                "file": "\(damage.file)", "offset": "\(damage.offset)", "bytes": "\(damage.bytes)",
                "missing_frames": "\(damage.missingFrames)",
            ])
    }

    func found(_ setback: JournalSpool.Setback, of journal: JournalID) {
        metrics.found(setback)
        if setback.replayed > 0 {
            logger.notice(
                "the database has lost frames of usage; they are sent again",
                metadata: ["frames": "\(setback.replayed)"])
        }
        if setback.lost > 0 {
            logger.error(
                "the database has lost frames of usage that are not kept any more",
                metadata: ["missing_frames": "\(setback.lost)"])
        }
    }

    func storeFailed(_ failure: StoreFailure, during work: String) {
        logger.warning(
            "the database gave no answer", metadata: ["during": "\(work)", "failure": "\(failure)"])
    }
}

/// Randomness for jitter and ids. Tests seed it.
package struct RandomSource: Sendable {
    /// Two words that nobody can foresee.
    package let words: @Sendable () -> (UInt64, UInt64)

    package init(words: @escaping @Sendable () -> (UInt64, UInt64)) { self.words = words }

    package static let system = RandomSource {
        var generator = SystemRandomNumberGenerator()
        return (generator.next(), generator.next())
    }

    /// In 0 ..< 1.
    package func fraction() -> Double { Double(words().0 >> 11) / 9_007_199_254_740_992 }  // 2^53
}
