// The figures of the database's pools and of the calls that go through them.
import BursarLedger
import Metrics
import Postgres
import Prometheus

/// Two pools: the gateway's own, and the one for reports, which may take minutes.
enum DatabasePool: String, CaseIterable {
    case gateway, reports
}

/// Made once; the calls' handles are there from the start.
struct DatabaseMetrics: Sendable {
    private enum Name {
        static let connections = "bursar_database_connections"
        static let waiters = "bursar_database_waiters"
        static let wait = "bursar_database_wait_seconds"
        static let callDuration = "bursar_database_call_duration_seconds"
        static let failures = "bursar_database_failures_total"
        static let probes = "bursar_database_probes_total"
        static let timeline = "bursar_database_timeline"
        static let reachable = "bursar_database_reachable"
        static let keyRows = "bursar_key_rows"
        static let missingRows = "bursar_keyring_missing_rows"
        static let formerRows = "bursar_key_rewrap_pending_rows"
    }

    private enum State: String, CaseIterable { case idle, lent, connecting }

    private static let pool = MetricLabel("pool", values: DatabasePool.allCases.map(\.rawValue))
    private static let call = MetricLabel("call", values: LedgerCall.allCases.map(\.rawValue))

    private static let verdict = MetricLabel(
        "result", values: PrimaryWatch.Verdict.allCases.map(\.rawValue))

    static let families = [
        MetricFamily(
            Name.connections, .gauge, help: "Connections to the database.",
            labels: [pool, MetricLabel("state", values: State.allCases.map(\.rawValue))]),
        MetricFamily(
            Name.waiters, .gauge, help: "Callers that wait for a connection to the database.",
            labels: [pool]),
        MetricFamily(
            Name.wait, .histogram(), help: "Seconds that callers waited for a connection.", labels: [pool]),
        MetricFamily(
            Name.callDuration, .histogram(), help: "Seconds that the gateway's calls to the database took.",
            labels: [call]),
        MetricFamily(
            Name.failures, .counter, help: "Calls to the database that failed.", labels: [call]),
        MetricFamily(
            Name.probes, .counter, help: "Looks at a database host, by what was found there.",
            labels: [verdict]),
        MetricFamily(
            Name.timeline, .gauge, help: "The highest timeline of the database that this replica has seen."),
        MetricFamily(
            Name.reachable, .gauge, help: "1 unless the last looks at its hosts found no primary."),
        // Open: operators choose the ids of their keys.
        MetricFamily(
            Name.keyRows, .gauge,
            help: "Data keys, pepper and audit key sealed under each key of the keyring.",
            labels: [MetricLabel("kek")]),
        MetricFamily(
            Name.missingRows, .gauge,
            help: "Data keys, pepper and audit key sealed under a key that the keyring lacks."),
        MetricFamily(
            Name.formerRows, .gauge,
            help: "Data keys, pepper and audit key sealed under another key than the one that seals now."),
    ]

    private let factory: any MetricsFactory
    private let calls: [LedgerCall: (duration: Timer, failures: Counter)]

    init(factory: any MetricsFactory) {
        self.factory = factory
        calls = Dictionary(
            uniqueKeysWithValues: LedgerCall.allCases.map { call in
                let labels = [("call", call.rawValue)]
                let duration = Timer(label: Name.callDuration, dimensions: labels, factory: factory)
                let failures = Counter(label: Name.failures, dimensions: labels, factory: factory)
                return (call, (duration, failures))
            })
    }

    func ended(_ call: LedgerCall, after duration: Duration, failed: Bool) {
        calls[call]?.duration.record(duration: duration)
        if failed { calls[call]?.failures.increment() }
    }

    func waiting(in pool: DatabasePool) -> @Sendable (Duration) -> Void {
        let timer = Timer(label: Name.wait, dimensions: [("pool", pool.rawValue)], factory: factory)
        return { timer.record(duration: $0) }
    }

    func record(_ statistics: PostgresPoolStatistics, of pool: DatabasePool) {
        let states: [(State, Int)] = [
            (.idle, statistics.idle), (.lent, statistics.open - statistics.idle),
            (.connecting, statistics.connecting),
        ]
        let place = ("pool", pool.rawValue)
        for (state, count) in states {
            Gauge(label: Name.connections, dimensions: [place, ("state", state.rawValue)], factory: factory)
                .record(count)
        }
        Gauge(label: Name.waiters, dimensions: [place], factory: factory).record(statistics.waiting)
    }

    func probed(_ verdict: PrimaryWatch.Verdict) {
        Counter(label: Name.probes, dimensions: [("result", verdict.rawValue)], factory: factory).increment()
    }

    func record(_ watch: PrimaryWatch) {
        Gauge(label: Name.timeline, factory: factory).record(watch.timeline?.number ?? 0)
        Gauge(label: Name.reachable, factory: factory).record(watch.absence == nil ? 1 : 0)
    }

    /// - Parameter former: keys that were recorded before; those without rows now go to zero.
    func record(_ uses: [KeyUse], sealing: String, keyring: [String], former: Set<String>) {
        let rows = Dictionary(uniqueKeysWithValues: uses.map { ($0.keyID, $0.rows) })
        for key in Set(rows.keys).union(keyring).union(former) {
            Gauge(label: Name.keyRows, dimensions: [("kek", key)], factory: factory).record(rows[key] ?? 0)
        }
        let missing = rows.filter { !keyring.contains($0.key) }.values.reduce(0, +)
        Gauge(label: Name.missingRows, factory: factory).record(missing)
        let pending = rows.filter { $0.key != sealing }.values.reduce(0, +)
        Gauge(label: Name.formerRows, factory: factory).record(pending)
    }
}
