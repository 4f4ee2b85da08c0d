// The database as a serving gateway uses it: two pools, and a watch over which server is the primary.
import BursarHTTP
import BursarLedger
import BursarVault
import Logging
import Metrics
import Postgres
import Tracing

/// Reports may take minutes, and must not keep the others waiting for a connection, nor the roll-ups.
struct Database: Sendable {
    let ledger: Ledger
    let reports: Ledger
    /// Nil where a pooler in between lends connections for a transaction only.
    let notices: LedgerNotices?
    let metrics: DatabaseMetrics
    let watch: PrimaryWatch
    private let pools: [DatabasePool: PostgresPool]

    init(
        settings: Settings, vault: Vault, timelines: TimelineFile, logger: Logger, tracer: (any Tracer)?,
        factory: any MetricsFactory
    ) throws {
        let pooler = try settings.databasePooler()
        let metrics = DatabaseMetrics(factory: factory)
        let failures = StoreFailureLog(logger: logger)
        let observe: Ledger.Observer = { call, duration, error in
            metrics.ended(call, after: duration, failed: error != nil)
            if let error { failures.report(call, error) }
        }
        watch = Self.watch(settings, pooler, timelines, logger)
        let gateway = PostgresPool(
            PostgresConfiguration(connectionString: settings.databaseURL, pooler: pooler, watch: watch),
            waited: metrics.waiting(in: .gateway))
        let reports = PostgresPool(
            PostgresConfiguration(
                connectionString: settings.databaseURL, applicationName: "bursar-reports",
                queryTimeout: Administration.reportTimeout, pooler: pooler, watch: watch),
            pool: PostgresPoolConfiguration(size: ReportDesk.limit + 2),
            waited: metrics.waiting(in: .reports))
        ledger = Ledger(pool: gateway, auditing: vault, tracer: tracer, observe: observe)
        self.reports = Ledger(pool: reports, auditing: vault, tracer: tracer, observe: observe)
        let listener = PostgresConfiguration(
            connectionString: settings.databaseURL, applicationName: "bursar-listen", watch: watch)
        notices =
            try settings.flag(.databaseListen) && pooler == .none
            ? LedgerNotices(ledger: ledger, configuration: listener) : nil
        self.metrics = metrics
        pools = [.gateway: gateway, .reports: reports]
    }

    private static func watch(
        _ settings: Settings, _ pooler: PostgresPooler, _ timelines: TimelineFile, _ logger: Logger
    ) -> PrimaryWatch {
        let stepBack = "stop this gateway, delete \(timelines.path) and start it again"
        return PrimaryWatch(
            PostgresConfiguration(connectionString: settings.databaseURL, pooler: pooler),
            remembered: timelines.remembered, stepBack: stepBack
        ) { timeline in
            guard let failure = timelines.remember(timeline) else { return }
            logger.error(
                "the database's timeline cannot be kept over a restart", metadata: ["error": "\(failure)"])
        }
    }

    func recordPools() {
        metrics.record(watch)
        for (name, pool) in pools { metrics.record(pool.statistics, of: name) }
    }

    func close() async {
        for pool in pools.values { await pool.close() }
        await watch.close()
    }
}
