// Makes the months' partitions of refresh events ahead of time.
import BursarLedger
import ServiceLifecycle

/// At the start, and each hour: a month's partition is there weeks before its first row.
struct PartitionService: Service {
    let ledger: Ledger

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let isMade: Bool
                do {
                    try await ledger.ensurePartitions()
                    isMade = true
                } catch {
                    isMade = false  // the ledger has reported it
                }
                try? await Task.sleep(for: isMade ? .seconds(3_600) : .seconds(10))
            }
        }
    }
}
