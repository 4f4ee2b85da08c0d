// The figures that operators watch: names and labels, defined once.
internal import BursarCore
package import Metrics

/// Handles are made once; an update is one atomic addition. No label ever names a tenant.
package final class GatewayMetrics: Sendable {
    package enum Name {
        package static let requests = "bursar_token_requests_total"
        package static let requestDuration = "bursar_token_request_duration_seconds"
        package static let refreshes = "bursar_refreshes_total"
        package static let refreshDuration = "bursar_refresh_duration_seconds"
        package static let waiters = "bursar_flight_waiters"
        package static let slots = "bursar_token_slots"
        package static let limited = "bursar_rate_limited_total"
        package static let eventsDropped = "bursar_refresh_events_dropped_total"
        package static let directoryVersion = "bursar_config_applied_version"
        package static let directoryFailures = "bursar_config_poll_failures_total"
        package static let storeFailures = "bursar_store_failures_total"
        package static let unattributed = "bursar_usage_unattributed_total"
        package static let journalBytes = "bursar_journal_bytes"
        package static let journalPending = "bursar_journal_frames_pending"
        package static let journalAge = "bursar_journal_oldest_pending_seconds"
        package static let sealFailures = "bursar_journal_seal_failures_total"
        package static let journalDamaged = "bursar_journal_damaged_total"
    }

    private let factory: any MetricsFactory
    private let requests: [BursarCore.Meter: Counter]
    private let requestDuration: Timer
    private let limited: Counter
    private let eventsDropped: Counter
    private let directoryVersion: Gauge
    private let directoryFailures: Counter
    private let storeFailures: Counter
    private let unattributed: Counter
    private let journalBytes: Gauge
    private let journalPending: Gauge
    private let journalAge: Gauge
    private let sealFailures: Counter
    private let journalDamaged: Counter
    private let slots: Gauge
    private let waiters: Gauge

    package init(factory: any MetricsFactory) {
        self.factory = factory
        requests = Dictionary(
            uniqueKeysWithValues: AnswerOutcome.allCases.map { outcome in
                let dimensions = [("outcome", outcome.rawValue)]
                return (
                    Meter(outcome), Counter(label: Name.requests, dimensions: dimensions, factory: factory)
                )
            })
        requestDuration = Timer(label: Name.requestDuration, factory: factory)
        limited = Counter(label: Name.limited, factory: factory)
        eventsDropped = Counter(label: Name.eventsDropped, factory: factory)
        directoryVersion = Gauge(label: Name.directoryVersion, factory: factory)
        directoryFailures = Counter(label: Name.directoryFailures, factory: factory)
        storeFailures = Counter(label: Name.storeFailures, factory: factory)
        unattributed = Counter(label: Name.unattributed, factory: factory)
        journalBytes = Gauge(label: Name.journalBytes, factory: factory)
        journalPending = Gauge(label: Name.journalPending, factory: factory)
        journalAge = Gauge(label: Name.journalAge, factory: factory)
        sealFailures = Counter(label: Name.sealFailures, factory: factory)
        journalDamaged = Counter(label: Name.journalDamaged, factory: factory)
        slots = Gauge(label: Name.slots, factory: factory)
        waiters = Gauge(label: Name.waiters, factory: factory)
    }

    func answered(_ meter: BursarCore.Meter, after duration: Duration) {
        requests[meter]?.increment()
        requestDuration.recordNanoseconds(duration.microseconds * 1_000)
        if meter == .limited { limited.increment() }
    }

    /// Refreshes are rare: these handles are looked up each time, by labels from closed sets.
    func refreshed(_ event: RefreshEvent) {
        let provider = ("provider", event.provider.text)
        let outcome = ("outcome", event.failure?.rawValue ?? "ok")
        Counter(
            label: Name.refreshes,
            dimensions: [provider, ("step", event.step.rawValue), outcome, ("cause", event.cause.rawValue)],
            factory: factory
        ).increment()
        Timer(
            label: Name.refreshDuration, dimensions: [provider, ("step", event.step.rawValue)],
            factory: factory
        ).recordNanoseconds(event.latency.microseconds * 1_000)
    }

    func dropped(events: Int) { eventsDropped.increment(by: events) }
    func applied(_ version: ConfigVersion) { directoryVersion.record(version.number) }
    func directoryPollFailed() { directoryFailures.increment() }
    func lostAttribution(_ answers: Int64) { unattributed.increment(by: answers) }
    func sealFailed() { sealFailures.increment() }
    func found(_ damage: JournalDamage) { journalDamaged.increment() }

    func journal(bytes: Int, pending: Int, oldest age: Duration) {
        journalBytes.record(bytes)
        journalPending.record(pending)
        journalAge.record(age.fractionalSeconds)
    }

    func storeFailed() { storeFailures.increment() }

    func holding(slots count: Int, waiters waiting: Int) {
        slots.record(count)
        waiters.record(waiting)
    }
}
