// The figures that operators watch: names and labels, defined once.
internal import BursarCore
package import Metrics

/// Handles are made once; an update is a few atomic additions. No label ever names a tenant.
package final class GatewayMetrics: Sendable {
    package enum Name {
        package static let requests = "bursar_token_requests_total"
        package static let requestDuration = "bursar_token_request_duration_seconds"
        package static let remaining = "bursar_token_remaining_seconds"
        package static let refreshes = "bursar_refreshes_total"
        package static let refreshDuration = "bursar_refresh_duration_seconds"
        package static let waiters = "bursar_flight_waiters"
        package static let slots = "bursar_token_slots"
        package static let timeToOutage = "bursar_time_to_outage_seconds"
        package static let nearOutage = "bursar_token_slots_near_outage"
        package static let overdue = "bursar_renewals_overdue"
        package static let eventsDropped = "bursar_refresh_events_dropped_total"
        package static let directoryVersion = "bursar_config_applied_version"
        package static let directoryFailures = "bursar_config_poll_failures_total"
        package static let directoryLag = "bursar_config_lag_seconds"
        package static let listenerFailing = "bursar_config_listener_failing"
        package static let notices = "bursar_config_notices_total"
        package static let replicas = "bursar_replicas"
        package static let share = "bursar_rate_limit_share_ratio"
        package static let clockOffset = "bursar_clock_offset_seconds"
        package static let servedByFormer = "bursar_connections_served_by_former"
        package static let secretsEnding = "bursar_client_secrets_ending"
        package static let quotaOffered = "bursar_quota_offered_total"
        package static let quotaBorrowed = "bursar_quota_borrowed_total"
        package static let quotaFailures = "bursar_quota_exchange_failures_total"
        package static let quotaShort = "bursar_quota_short_tenants"
        package static let circuits = "bursar_provider_circuits"
        package static let circuitsOpened = "bursar_circuits_opened_total"
        package static let circuitRefusals = "bursar_circuit_refusals_total"
        package static let massRejections = "bursar_mass_rejections"
        package static let inLine = "bursar_provider_line"
        package static let lineWait = "bursar_provider_line_wait_seconds"
        package static let unattributed = "bursar_usage_unattributed_total"
        package static let journalBytes = "bursar_journal_bytes"
        package static let journalPending = "bursar_journal_frames_pending"
        package static let journalAge = "bursar_journal_oldest_pending_seconds"
        package static let sealFailures = "bursar_journal_seal_failures_total"
        package static let journalDamaged = "bursar_journal_damaged_total"
        package static let framesReplayed = "bursar_journal_frames_replayed_total"
    }

    /// Stands where a label does not apply.
    package static let none = "none"

    private struct AnswerHandles: Sendable {
        let count: Counter
        let duration: Timer
    }

    private let factory: any MetricsFactory
    /// By the meter's place; nil where it counts no answers.
    private let answers: [AnswerHandles?]
    /// The handler itself: a `Recorder` takes numbers of every type, and pays for finding out which.
    private let remaining: any RecorderHandler
    private let eventsDropped: Counter
    private let directoryVersion: Gauge
    private let directoryFailures: Counter
    private let directoryLag: Gauge
    private let listenerFailing: Gauge
    private let notices: Counter
    private let replicas: [ReplicaState: Gauge]
    private let share: Gauge
    private let clockOffset: Gauge
    private let secretsEnding: Gauge
    private let servedByFormer: Gauge
    private let quotaOffered: FloatingPointCounter
    private let quotaBorrowed: FloatingPointCounter
    private let quotaFailures: Counter
    private let quotaShort: Gauge
    private let unattributed: Counter
    private let journalBytes: Gauge
    private let journalPending: Gauge
    private let journalAge: Gauge
    private let sealFailures: Counter
    private let journalDamaged: Counter
    private let framesReplayed: Counter
    private let waiters: Gauge

    package init(factory: any MetricsFactory) {
        self.factory = factory
        var answers = [AnswerHandles?](repeating: nil, count: BursarCore.Meter.allCases.count)
        for outcome in AnswerOutcome.allCases {
            let labels = outcome.labels
            answers[BursarCore.Meter(outcome).index] = AnswerHandles(
                count: Counter(label: Name.requests, dimensions: labels, factory: factory),
                duration: Timer(
                    label: Name.requestDuration, dimensions: labels.filter { $0.0 == "source" },
                    factory: factory))
        }
        self.answers = answers
        remaining = factory.makeRecorder(label: Name.remaining, dimensions: [], aggregate: true)
        eventsDropped = Counter(label: Name.eventsDropped, factory: factory)
        directoryVersion = Gauge(label: Name.directoryVersion, factory: factory)
        directoryFailures = Counter(label: Name.directoryFailures, factory: factory)
        directoryLag = Gauge(label: Name.directoryLag, factory: factory)
        listenerFailing = Gauge(label: Name.listenerFailing, factory: factory)
        notices = Counter(label: Name.notices, factory: factory)
        replicas = Dictionary(
            uniqueKeysWithValues: ReplicaState.allCases.map { state in
                let labels = [("state", state.rawValue)]
                return (state, Gauge(label: Name.replicas, dimensions: labels, factory: factory))
            })
        share = Gauge(label: Name.share, factory: factory)
        clockOffset = Gauge(label: Name.clockOffset, factory: factory)
        servedByFormer = Gauge(label: Name.servedByFormer, factory: factory)
        secretsEnding = Gauge(label: Name.secretsEnding, factory: factory)
        quotaOffered = FloatingPointCounter(label: Name.quotaOffered, factory: factory)
        quotaBorrowed = FloatingPointCounter(label: Name.quotaBorrowed, factory: factory)
        quotaFailures = Counter(label: Name.quotaFailures, factory: factory)
        quotaShort = Gauge(label: Name.quotaShort, factory: factory)
        unattributed = Counter(label: Name.unattributed, factory: factory)
        journalBytes = Gauge(label: Name.journalBytes, factory: factory)
        journalPending = Gauge(label: Name.journalPending, factory: factory)
        journalAge = Gauge(label: Name.journalAge, factory: factory)
        sealFailures = Counter(label: Name.sealFailures, factory: factory)
        journalDamaged = Counter(label: Name.journalDamaged, factory: factory)
        framesReplayed = Counter(label: Name.framesReplayed, factory: factory)
        waiters = Gauge(label: Name.waiters, factory: factory)
    }

    /// - Parameter end: that of the token that was served.
    func answered(_ meter: BursarCore.Meter, since start: Instant, at now: Instant, of end: Instant?) {
        guard let handles = answers[meter.index] else { return }
        handles.count.increment()
        handles.duration.recordNanoseconds(now.microseconds(since: start) * 1_000)
        if let end { remaining.record(Double(end.microseconds(since: now)) / 1_000_000) }
    }

    /// Refreshes are rare: these handles are looked up each time, by labels from closed sets.
    func refreshed(_ event: RefreshEvent) {
        let place = [("provider", event.provider.text), ("step", event.step.rawValue)]
        let outcome = [
            ("outcome", event.failure?.rawValue ?? "ok"),
            ("fault", event.failure?.fault.rawValue ?? Self.none), ("cause", event.cause.rawValue),
        ]
        Counter(label: Name.refreshes, dimensions: place + outcome, factory: factory).increment()
        Timer(label: Name.refreshDuration, dimensions: place, factory: factory)
            .recordNanoseconds(event.latency.microseconds * 1_000)
    }

    func dropped(events: Int) { eventsDropped.increment(by: events) }
    func applied(_ version: ConfigVersion) { directoryVersion.record(version.number) }
    func directoryPollFailed() { directoryFailures.increment() }

    /// Replicas, as the store knows them.
    package enum ReplicaState: String, CaseIterable, Sendable {
        /// Heard within the last ten seconds.
        case live
        /// Still holding a share.
        case silent
    }

    func heard(_ news: ReplicaNews, share granted: ReplicaShare, lag: Duration) {
        replicas[.live]?.record(news.live)
        replicas[.silent]?.record(news.members - news.live)
        share.record(Double(granted.millionths) / 1_000_000)
        directoryLag.record(lag.fractionalSeconds)
    }

    func noticed() { notices.increment() }
    func listener(isFailing: Bool) { listenerFailing.record(isFailing ? 1 : 0) }
    func clock(offset: Duration) { clockOffset.record(offset.fractionalSeconds) }
    func quotaExchangeFailed() { quotaFailures.increment() }

    /// - Parameter tenants: those for which this replica asked.
    func exchangedQuota(offered: Quota, borrowed: Quota, short tenants: Int) {
        quotaOffered.increment(by: offered.answers)
        quotaBorrowed.increment(by: borrowed.answers)
        quotaShort.record(tenants)
    }

    func lostAttribution(_ answers: Int64) { unattributed.increment(by: answers) }
    func sealFailed() { sealFailures.increment() }
    func found(_ damage: JournalDamage) { journalDamaged.increment() }

    func found(_ setback: JournalSpool.Setback) {
        framesReplayed.increment(by: setback.replayed)
        if setback.lost > 0 { journalDamaged.increment() }
    }

    func journal(bytes: Int, pending: Int, oldest age: Duration) {
        journalBytes.record(bytes)
        journalPending.record(pending)
        journalAge.record(age.fractionalSeconds)
    }

    // MARK: Holdings

    /// `providers` are all that there are: those without slots stand at zero.
    func holding(_ census: SlotCensus, providers: some Sequence<ProviderID>) {
        waiters.record(census.waiters)
        for provider in providers {
            let tally = census.providers[provider] ?? SlotTally()
            for stage in TokenSlot.Condition.Stage.allCases {
                record(Name.slots, Double(tally.stages[stage] ?? 0), provider, [("state", stage.rawValue)])
            }
            let left = tally.timeToOutage?.fractionalSeconds ?? .infinity
            record(Name.timeToOutage, left, provider)
            record(Name.nearOutage, Double(tally.nearOutage), provider)
            record(Name.overdue, Double(tally.overdue), provider)
        }
    }

    func holding(secretsEnding: Int, servedByFormer: Int) {
        self.secretsEnding.record(secretsEnding)
        self.servedByFormer.record(servedByFormer)
    }

    // MARK: Providers

    func circuitOpened(_ provider: ProviderID) { count(Name.circuitsOpened, provider) }
    func refusedByCircuit(_ provider: ProviderID) { count(Name.circuitRefusals, provider) }

    func waited(_ duration: Duration, for provider: ProviderID) {
        Timer(label: Name.lineWait, dimensions: [("provider", provider.text)], factory: factory)
            .recordNanoseconds(duration.microseconds * 1_000)
    }

    func holding(_ census: ProviderCensus, providers: some Sequence<ProviderID>) {
        for provider in providers {
            let tally = census.providers[provider] ?? ProviderTally()
            for stage in CircuitBreaker.Stage.allCases {
                record(Name.circuits, Double(tally.stages[stage] ?? 0), provider, [("state", stage.rawValue)])
            }
            record(Name.massRejections, Double(tally.rejecting), provider)
            record(Name.inLine, Double(tally.inLine), provider)
        }
    }

    private func count(_ name: String, _ provider: ProviderID) {
        Counter(label: name, dimensions: [("provider", provider.text)], factory: factory).increment()
    }

    private func record(
        _ name: String, _ value: Double, _ provider: ProviderID, _ more: [(String, String)] = []
    ) {
        Gauge(label: name, dimensions: [("provider", provider.text)] + more, factory: factory).record(value)
    }
}

extension AnswerOutcome {
    /// The labels of an answer's series: these ten combinations occur, and no others.
    fileprivate var labels: [(String, String)] {
        let none = GatewayMetrics.none
        let (outcome, source, fault) =
            switch self {
            case .answeredFromMemory: ("answered", TokenSource.memory.rawValue, none)
            case .answeredFromStore: ("answered", TokenSource.store.rawValue, none)
            case .answeredFromProvider: ("answered", TokenSource.provider.rawValue, none)
            case .answeredScoped: ("answered", "scoped", none)
            case .limited: ("limited", none, none)
            case .refused: ("refused", none, none)
            case .failedByCaller: ("failed", none, Fault.caller.rawValue)
            case .failedByCredential: ("failed", none, Fault.credential.rawValue)
            case .failedByProvider: ("failed", none, Fault.provider.rawValue)
            case .failedByGateway: ("failed", none, Fault.gateway.rawValue)
            }
        return [("outcome", outcome), ("source", source), ("fault", fault)]
    }
}
