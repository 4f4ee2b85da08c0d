// Makes the months' partitions ahead of time, and drops those that are past keeping.
import BursarCore
import BursarLedger
import Logging
import Metrics
import ServiceLifecycle

/// At the start, and each hour: a month's partition is there weeks before its first row.
struct PartitionService: Service {
    let ledger: Ledger
    let logger: Logger
    private let stray: Gauge

    static let strayName = "bursar_default_partition_rows"

    init(ledger: Ledger, logger: Logger, factory: any MetricsFactory) {
        self.ledger = ledger
        self.logger = logger
        stray = Gauge(label: Self.strayName, factory: factory)
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let isMade = await maintain()
                try? await Task.sleep(for: isMade ? .seconds(3_600) : .seconds(10))
            }
        }
    }

    private func maintain() async -> Bool {
        do {
            let rows = try await ledger.maintainPartitions()
            stray.record(rows)
            if rows > 0 {
                logger.error(
                    "rows lie in a default partition; the runbook says how to move them",
                    metadata: ["rows": "\(rows)"])
            }
            return true
        } catch {
            return false  // the ledger has reported it
        }
    }
}
