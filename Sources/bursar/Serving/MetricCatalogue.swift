// Every metric this program exports: name, kind, labels, and what it tells.
import BursarCore
import BursarGateway
import BursarHTTP
import Metrics
import Prometheus

/// Each family stands once: in the part that measures it, or here for those that only know swift-metrics.
enum MetricCatalogue {
    /// A family with a series for each provider has to have room for all of them, however many there are.
    static func registry(providers: Int) -> PrometheusRegistry {
        let perProvider = (TokenSlot.Condition.Stage.allCases.count + 1) * (providers + 1)
        return PrometheusRegistry(prefix: "bursar_", seriesLimit: max(1_000, perProvider))
    }

    /// Declared before anything is measured, so that each family shows its HELP and TYPE from the start.
    static func declare(in registry: PrometheusRegistry, providers: [ProviderID]) {
        let own =
            answers + refreshes(providers) + slots(providers) + ways(providers) + configuration + replicas
            + quota + usage
        let parts =
            DatabaseMetrics.families + HTTPMetrics.families + TLSFiles.families
            + AuditVerificationService.families
        for family in own + parts + ProcessMetrics.families + [KeyringWatch.family, ready, buildInfo] {
            registry.declare(family)
        }
    }

    private typealias Name = GatewayMetrics.Name

    // Open, because ten combinations of the labels occur, and the closed family would hold a hundred series.
    private static let answers = [
        MetricFamily(
            Name.requests, .counter,
            help: "Token requests answered, by how they came out, where the token was found and whose fault.",
            labels: [MetricLabel("outcome"), MetricLabel("source"), MetricLabel("fault")]),
        MetricFamily(
            Name.requestDuration, .histogram(),
            help: "Seconds from a token request's admission to its answer.",
            labels: [MetricLabel("source")]),
        MetricFamily(
            Name.remaining,
            .histogram(buckets: [
                1, 5, 15, 30, 60, 90, 120, 180, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 86_400,
            ]),
            help: "Seconds that the tokens had left when they were served."),
    ]

    private static func refreshes(_ providers: [ProviderID]) -> [MetricFamily] {
        let provider = MetricLabel("provider", values: providers.map(\.text))
        let step = MetricLabel("step", values: RefreshEvent.Step.allCases.map(\.rawValue))
        let cause = MetricLabel("cause", values: RefreshEvent.Cause.allCases.map(\.rawValue))
        let fault = MetricLabel(
            "fault", values: Fault.allCases.map(\.rawValue) + [GatewayMetrics.none])
        return [
            // Open, because with all its reasons the closed family would hold thousands of series at zero.
            MetricFamily(
                Name.refreshes, .counter,
                help: "Requests to providers, by cause, step and outcome (ok or the reason).",
                labels: [provider, step, MetricLabel("outcome"), fault, cause]),
            MetricFamily(
                Name.refreshDuration, .histogram(),
                help: "Seconds that a request to a provider took.", labels: [provider, step]),
            MetricFamily(
                Name.eventsDropped, .counter,
                help: "Refresh events lost because the journal had no room for them."),
            MetricFamily(Name.waiters, .gauge, help: "Callers that wait for a provider now."),
        ]
    }

    private static func slots(_ providers: [ProviderID]) -> [MetricFamily] {
        let provider = MetricLabel("provider", values: providers.map(\.text))
        let state = MetricLabel("state", values: TokenSlot.Condition.Stage.allCases.map(\.rawValue))
        return [
            MetricFamily(
                Name.slots, .gauge, help: "Token slots in this replica's memory.", labels: [provider, state]),
            MetricFamily(
                Name.timeToOutage, .gauge,
                help: "The least number of seconds that a token has left whose renewal fails; 0 when one has "
                    + "ended, +Inf when no renewal fails.", labels: [provider]),
            MetricFamily(
                Name.nearOutage, .gauge,
                help: "Token slots whose renewal fails with less than five minutes left.",
                labels: [provider]),
            MetricFamily(
                Name.overdue, .gauge,
                help: "Token slots whose renewal was due more than 30 seconds ago and has not begun.",
                labels: [provider]),
        ]
    }

    private static func ways(_ providers: [ProviderID]) -> [MetricFamily] {
        let provider = MetricLabel("provider", values: providers.map(\.text))
        let state = MetricLabel("state", values: CircuitBreaker.Stage.allCases.map(\.rawValue))
        return [
            MetricFamily(
                Name.circuits, .gauge,
                help: "Hosts of a provider that this replica has asked, by the state of their breaker.",
                labels: [provider, state]),
            MetricFamily(
                Name.circuitsOpened, .counter,
                help: "Times that a provider's host failed too often in a row and was left alone.",
                labels: [provider]),
            MetricFamily(
                Name.circuitRefusals, .counter,
                help: "Requests to a provider that were not made because its breaker was open.",
                labels: [provider]),
            MetricFamily(
                Name.massRejections, .gauge,
                help: "Hosts of a provider that reject many credentials at once.", labels: [provider]),
            MetricFamily(
                Name.inLine, .gauge,
                help: "Requests to a provider that stand in line for one of its places.",
                labels: [provider]),
            MetricFamily(
                Name.lineWait, .histogram(),
                help: "Seconds that requests to a provider stood in line.", labels: [provider]),
        ]
    }

    private static let configuration = [
        MetricFamily(
            Name.directoryVersion, .gauge,
            help: "Version of the configuration that this replica has applied."),
        MetricFamily(
            Name.directoryFailures, .counter, help: "Readings of the configuration that failed."),
        MetricFamily(
            Name.directoryLag, .gauge,
            help: "Seconds for which the database has had a configuration that is not applied here."),
        MetricFamily(
            Name.servedByFormer, .gauge,
            help: "Connections whose callers get the former credential's token because the present one is "
                + "rejected."),
        MetricFamily(
            Name.secretsEnding, .gauge, help: "Client secrets that end within 14 days and have not ended."),
    ]

    private static let replicas = [
        MetricFamily(
            Name.listenerFailing, .gauge,
            help: "1 while changes of the configuration are not heard, only found by polling."),
        MetricFamily(
            Name.notices, .counter, help: "Changes of the configuration that were heard of when made."),
        MetricFamily(
            Name.replicas, .gauge,
            help: "Replicas that hold a share of the limits: heard within ten seconds, or silent.",
            labels: [MetricLabel("state", values: GatewayMetrics.ReplicaState.allCases.map(\.rawValue))]),
        MetricFamily(
            Name.share, .gauge,
            help: "The part of every tenant's rate limit that this replica may grant by itself, 0 to 1."),
        MetricFamily(
            Name.clockOffset, .gauge,
            help: "Seconds by which the gateway's clock is ahead of the database's."),
    ]

    private static let quota = [
        MetricFamily(
            Name.quotaOffered, .counter,
            help: "Answers under tenants' limits that this replica offered to the others."),
        MetricFamily(
            Name.quotaBorrowed, .counter,
            help: "Answers under tenants' limits that this replica took from the others' offers."),
        MetricFamily(
            Name.quotaFailures, .counter,
            help: "Exchanges of quota that failed: each replica keeps to its own share meanwhile."),
        MetricFamily(
            Name.quotaShort, .gauge,
            help: "Tenants for which this replica asked the others for quota, at the last exchange."),
    ]

    private static let usage = [
        MetricFamily(
            Name.unattributed, .counter,
            help: "Answers counted without tenant and client because a page of the journal was full."),
        MetricFamily(Name.journalBytes, .gauge, help: "Bytes of sealed frames on the disk."),
        MetricFamily(
            Name.journalPending, .gauge, help: "Sealed frames that PostgreSQL does not have yet."),
        MetricFamily(Name.journalAge, .gauge, help: "Seconds that the oldest of them has waited."),
        MetricFamily(
            Name.sealFailures, .counter,
            help: "Times that counts could not be sealed: the disk or the journal is full."),
        MetricFamily(
            Name.journalDamaged, .counter, help: "Parts of the journal that were found damaged."),
        MetricFamily(
            Name.framesReplayed, .counter,
            help: "Delivered frames that PostgreSQL had lost in a fail-over, and that were sent again."),
        MetricFamily(
            PartitionService.strayName, .gauge,
            help: "Rows in default partitions, where none should be; counted up to some thousands."),
    ]

    private static let ready = MetricFamily(
        "bursar_ready", .gauge, help: "1 when this replica can serve, as /readyz says.")

    private static let buildInfo = MetricFamily(
        "bursar_build_info", .gauge, help: "1, with the version as label.", labels: [MetricLabel("version")])
}

extension MetricCatalogue {
    static func recordBuild(version: String, factory: any MetricsFactory) {
        Gauge(label: buildInfo.name, dimensions: [("version", version)], factory: factory).record(1)
    }

    static func record(isReady: Bool, factory: any MetricsFactory) {
        Gauge(label: ready.name, factory: factory).record(isReady ? 1 : 0)
    }
}
