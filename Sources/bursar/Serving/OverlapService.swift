// Withdraws replaced credentials when their overlap is over.
import BursarLedger
import Logging
import ServiceLifecycle

/// Each minute, by the database's clock. Every replica looks; one finds each.
struct OverlapService: Service {
    let ledger: Ledger
    let logger: Logger

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    for id in try await ledger.retireDueCredentials() {
                        logger.notice(
                            "a replaced credential is withdrawn: its overlap is over",
                            metadata: ["credential_id": "\(id)"])
                    }
                } catch {
                    // The ledger has reported it; the next minute tries again.
                }
                try? await Task.sleep(for: .seconds(60))
            }
        }
    }
}
