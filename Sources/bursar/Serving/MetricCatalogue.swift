// Every metric this program exports: name, kind, labels, and what it tells.
import BursarCore
import BursarGateway
import BursarHTTP
import Metrics
import Prometheus

enum MetricCatalogue {
    /// Declared before anything is measured, so that each family shows its HELP and TYPE from the start.
    static func declare(in registry: PrometheusRegistry, providers: [ProviderID]) {
        for family in gateway(providers) + usage + HTTPMetrics.families + [buildInfo] {
            registry.declare(family)
        }
    }

    private static func gateway(_ providers: [ProviderID]) -> [MetricFamily] {
        let provider = MetricLabel("provider", values: providers.map(\.text))
        let step = MetricLabel("step", values: RefreshEvent.Step.allCases.map(\.rawValue))
        let cause = MetricLabel("cause", values: RefreshEvent.Cause.allCases.map(\.rawValue))
        // Open, because with all its reasons the closed family would hold thousands of series at zero.
        let outcome = MetricLabel("outcome")
        let answers = MetricLabel("outcome", values: AnswerOutcome.allCases.map(\.rawValue))
        return [
            MetricFamily(
                GatewayMetrics.Name.requests, .counter,
                help: "Token requests answered, by how they came out.", labels: [answers]),
            MetricFamily(
                GatewayMetrics.Name.requestDuration, .histogram(),
                help: "Seconds from a token request's admission to its answer."),
            MetricFamily(
                GatewayMetrics.Name.limited, .counter,
                help: "Token requests refused because their tenant was over its limit."),
            MetricFamily(
                GatewayMetrics.Name.refreshes, .counter,
                help: "Requests to providers, by cause, step and outcome (ok or the reason).",
                labels: [provider, step, outcome, cause]),
            MetricFamily(
                GatewayMetrics.Name.refreshDuration, .histogram(),
                help: "Seconds that a request to a provider took.", labels: [provider, step]),
            MetricFamily(GatewayMetrics.Name.slots, .gauge, help: "Token slots in this replica's memory."),
            MetricFamily(GatewayMetrics.Name.waiters, .gauge, help: "Callers that wait for a provider now."),
            MetricFamily(
                GatewayMetrics.Name.eventsDropped, .counter,
                help: "Refresh events lost because the database was away for too long."),
            MetricFamily(
                GatewayMetrics.Name.directoryVersion, .gauge,
                help: "Version of the configuration that this replica has applied."),
            MetricFamily(
                GatewayMetrics.Name.directoryFailures, .counter,
                help: "Readings of the configuration that failed."),
            MetricFamily(
                GatewayMetrics.Name.storeFailures, .counter,
                help: "Times the database gave no answer to the gateway."),
        ]
    }

    private static let usage = [
        MetricFamily(
            GatewayMetrics.Name.unattributed, .counter,
            help: "Answers counted without tenant and client because a page of the journal was full."),
        MetricFamily(GatewayMetrics.Name.journalBytes, .gauge, help: "Bytes of sealed frames on the disk."),
        MetricFamily(
            GatewayMetrics.Name.journalPending, .gauge,
            help: "Sealed frames that PostgreSQL does not have yet."),
        MetricFamily(
            GatewayMetrics.Name.journalAge, .gauge,
            help: "Seconds that the oldest of them has waited."),
        MetricFamily(
            GatewayMetrics.Name.sealFailures, .counter,
            help: "Times that counts could not be sealed: the disk or the journal is full."),
        MetricFamily(
            GatewayMetrics.Name.journalDamaged, .counter,
            help: "Parts of the journal that were found damaged."),
        MetricFamily(
            PartitionService.strayName, .gauge,
            help: "Rows in default partitions, where none should be; counted up to some thousands."),
    ]

    static let buildInfoName = "bursar_build_info"
    private static let buildInfo = MetricFamily(
        buildInfoName, .gauge, help: "1, with the version as label.", labels: [MetricLabel("version")])
}

extension MetricCatalogue {
    static func recordBuild(version: String, factory: any MetricsFactory) {
        Gauge(label: buildInfoName, dimensions: [("version", version)], factory: factory).record(1)
    }
}
