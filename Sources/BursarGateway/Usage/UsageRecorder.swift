// Counts answers and requests to providers, and delivers them to the store.
internal import BursarCore
internal import Logging
internal import ServiceLifecycle

/// Everything that finance and operators will read begins here: counted in the journal before the answer is
/// sent, sealed each second, delivered once.
final class UsageRecorder: Sendable {
    private let journal: UsageJournal
    private let store: any UsageStore
    private let environment: GatewayEnvironment

    init(journal: UsageJournal, store: any UsageStore, environment: GatewayEnvironment) {
        self.journal = journal
        self.store = store
        self.environment = environment
    }

    /// Says what earlier processes have left in the journal's directory.
    func stateRecovery() {
        let recovery = journal.recovery
        for part in recovery.damage { environment.found(part) }
        guard recovery.frames > 0 else { return }
        environment.logger.notice(
            "the usage journal holds frames of earlier processes",
            metadata: [
                "frames": "\(recovery.frames)", "recovered_counts": "\(recovery.recoveredCounts)",
            ])
    }

    /// Counts an answer to a request that came at `start`. Called before it is sent. `end` is that of the
    /// token that it carries.
    func count(_ key: UsageKey, since start: Instant, at now: Instant, of end: Instant? = nil) {
        journal.count(key, minute: now.microseconds / 60_000_000)
        environment.metrics.answered(key.meter, since: start, at: now, of: end)
    }

    func record(_ event: RefreshEvent) {
        let minute = event.at.microseconds / 60_000_000
        var meters: [Meter] = [.exchanges]
        if event.cause != .cold { meters.append(.renewals) }
        if event.step == .refresh { meters.append(.refreshTokenRenewals) }
        for meter in meters {
            journal.count(
                UsageKey(
                    tenant: event.tenant, provider: event.provider, environment: event.environment,
                    meter: meter),
                minute: minute)
        }
        environment.metrics.refreshed(event)
        if !journal.record(event) { environment.metrics.dropped(events: 1) }
    }

    /// Whether sealing should not wait for the second to be over.
    var isFilling: Bool { journal.isFilling }

    // MARK: Sealing

    /// Answers whether counts could be sealed, if there were any.
    @discardableResult
    func seal() async -> Bool {
        let (journal, now) = (journal, environment.clock.now())
        let sealed = await environment.offload.run { journal.seal(now: now) }
        if sealed == .refused {
            environment.metrics.sealFailed()
            environment.logger.error(
                "usage cannot be sealed: the disk or the journal is full; counts stay in memory pages")
        }
        let unattributed = journal.takeUnattributed()
        if unattributed > 0 {
            environment.metrics.lostAttribution(unattributed)
            environment.logger.warning(
                "answers were counted without tenant and client: more keys in a second than a page holds",
                metadata: ["answers": "\(unattributed)"])
        }
        return sealed != .refused
    }

    // MARK: Delivering

    /// What became of a delivery.
    struct Delivery {
        /// Whether nothing is left.
        var isDone = true
        /// What the store was given.
        var rows = 0
    }

    /// Delivers what is sealed by now; what is sealed meanwhile waits, so that it ends. What fails is tried
    /// again by the next call.
    @discardableResult
    func deliver() async -> Delivery {
        var delivery = Delivery()
        for id in journal.undelivered where await !deliver(id, rows: &delivery.rows) {
            delivery.isDone = false
        }
        let (journal, now) = (journal, environment.clock.now())
        await environment.offload.run { journal.clean(now: now) }
        return delivery
    }

    private func deliver(_ id: JournalID, rows: inout Int) async -> Bool {
        do throws(StoreFailure) {
            let (epoch, end) = (journal.epoch, journal.end(of: id))
            if journal.position(of: id) == nil {
                let position = try await store.delivered(of: id)
                guard stands(id, at: position, since: epoch) else { return false }
                if position >= end { return true }
            }
            while true {
                let journal = journal
                let next = await environment.offload.run { journal.nextBatch(of: id) }
                for part in next.damage { environment.found(part) }
                if let obstacle = next.obstacle {
                    environment.logger.error(
                        "a part of the usage journal cannot be read", metadata: ["reason": "\(obstacle)"])
                }
                guard let batch = next.batch else { return next.obstacle == nil }
                rows += batch.counts.count + batch.events.count
                let receipt = try await store.add(batch)
                let position: Int64 =
                    switch receipt {
                    case .stored: batch.last
                    case .standsAt(let sequence): sequence
                    }
                guard stands(id, at: position, since: epoch) else { return false }
                if position >= end { return true }
            }
        } catch {
            journal.forgetPositions()
            environment.storeFailed(error, during: "storing usage")
            return false
        }
    }

    /// Whether the answer is of the store that there is now.
    private func stands(_ id: JournalID, at position: Int64, since epoch: Int) -> Bool {
        let setback = journal.stands(id, at: position, now: environment.clock.now(), since: epoch)
        guard let setback else { return false }
        if setback != JournalSpool.Setback() { environment.found(setback, of: id) }
        return true
    }

    /// The store may lack what it has acknowledged: every journal is compared with it, and sent again from
    /// where it stands.
    func replay() { journal.doubt() }

    /// For the metrics of the moment.
    func recordHoldings() {
        let (bytes, pending, oldest) = journal.holdings
        let age = oldest.map { environment.clock.now() - $0 } ?? .zero
        environment.metrics.journal(bytes: bytes, pending: pending, oldest: age)
    }
}

/// Seals every second, and sooner when a page fills up, unless the disk refuses.
struct SealingService: Service {
    let recorder: UsageRecorder
    let environment: GatewayEnvironment

    func run() async {
        var isSealing = true
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            await cancelWhenGracefulShutdown { [isSealing] in
                for _ in 0..<10 where !(isSealing && recorder.isFilling) && !Task.isCancelled {
                    await environment.pause(.milliseconds(100))
                }
            }
            isSealing = await recorder.seal()
        }
    }
}

/// Delivers every second, or less often where that is much, and at the end once more what was counted till
/// then. Apart from the sealing, which must not wait for a slow database.
struct DeliveryService: Service {
    let recorder: UsageRecorder
    let departure: Departure
    let environment: GatewayEnvironment

    func run() async {
        var last = UsageRecorder.Delivery()
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            let pause = Self.pause(after: last)
            await cancelWhenGracefulShutdown { await environment.pause(pause) }
            last = await recorder.deliver()
        }
        await recorder.seal()
        await departure.lastly { _ = await recorder.deliver() }
    }

    /// So long that the store is given some 2,000 rows a second, but at most 5 s: busy tenants are in every
    /// second, and then PostgreSQL writes a row for each of them once and not five times.
    static func pause(after delivery: UsageRecorder.Delivery) -> Duration {
        guard delivery.isDone else { return .seconds(1) }
        return min(max(.seconds(1), .seconds(Double(delivery.rows) / 2_000)), .seconds(5))
    }
}
