// The database as a serving gateway uses it: two pools, watched.
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
    let metrics: DatabaseMetrics
    private let pools: [DatabasePool: PostgresPool]

    init(
        settings: Settings, vault: Vault, logger: Logger, tracer: (any Tracer)?,
        factory: any MetricsFactory
    ) {
        let metrics = DatabaseMetrics(factory: factory)
        let failures = StoreFailureLog(logger: logger)
        let observe: Ledger.Observer = { call, duration, error in
            metrics.ended(call, after: duration, failed: error != nil)
            if let error { failures.report(call, error) }
        }
        let gateway = PostgresPool(
            PostgresConfiguration(connectionString: settings.databaseURL),
            waited: metrics.waiting(in: .gateway))
        let reports = PostgresPool(
            PostgresConfiguration(
                connectionString: settings.databaseURL, applicationName: "bursar-reports",
                queryTimeout: Administration.reportTimeout),
            pool: PostgresPoolConfiguration(size: ReportDesk.limit + 2),
            waited: metrics.waiting(in: .reports))
        ledger = Ledger(pool: gateway, auditing: vault, tracer: tracer, observe: observe)
        self.reports = Ledger(pool: reports, auditing: vault, tracer: tracer, observe: observe)
        self.metrics = metrics
        pools = [.gateway: gateway, .reports: reports]
    }

    func recordPools() {
        for (name, pool) in pools { metrics.record(pool.statistics, of: name) }
    }

    func close() async {
        for pool in pools.values { await pool.close() }
    }
}
