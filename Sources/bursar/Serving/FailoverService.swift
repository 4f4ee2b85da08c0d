// Finds the database's primary, and tells the gateway when it is another one.
import BursarGateway
import Logging
import Postgres
import ServiceLifecycle

/// Looks at every host of the connection string each second, so that a new primary is found while the old
/// one still answers.
struct FailoverService: Service {
    let watch: PrimaryWatch
    let metrics: DatabaseMetrics
    let gateway: Gateway
    let logger: Logger

    func run() async {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await lookAround() }
                group.addTask { await follow() }
            }
        }
    }

    private func lookAround() async {
        var before: [PrimaryWatch.Report] = []
        while !Task.isCancelled {
            let begin = ContinuousClock.now
            let reports = await watch.probe()
            for report in reports {
                metrics.probed(report.verdict)
                if !before.contains(report) { describe(report) }
            }
            before = reports
            try? await Task.sleep(until: begin + .seconds(1), clock: .continuous)
        }
    }

    private func follow() async {
        for await timeline in watch.rises {
            logger.notice(
                "the database has another primary; what it lacks is sent again",
                metadata: ["timeline": "\(timeline.number)"])
            await gateway.databaseMoved()
        }
    }

    private func describe(_ report: PrimaryWatch.Report) {
        switch report.verdict {
        case .primary, .standby, .unreachable: return
        case .outdated:
            logger.error(
                "an old primary of the database still runs",
                metadata: [
                    "host": "\(report.host)",
                    "advice": "stop it for good; the gateway does not use it (runbook: After a failover)",
                ])
        case .otherCluster:
            logger.error(
                "a host of the database belongs to another cluster",
                metadata: [
                    "host": "\(report.host)",
                    "advice": "take it out of BURSAR_DATABASE_URL; if the database was moved there, restart",
                ])
        }
    }
}
