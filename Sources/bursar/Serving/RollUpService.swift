// Sums up requests to providers by hour and day, so that reports need not read every one of them.
import BursarCore
import BursarLedger
import ServiceLifecycle

/// Each minute, and at once again while more is left. One replica works at a time; the others find nothing to
/// do.
struct RollUpService: Service {
    let ledger: Ledger

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                var isMoreLeft = false
                do {
                    isMoreLeft = try await ledger.rollUp()
                } catch {
                    // The ledger has reported it; the next minute tries again.
                }
                if !isMoreLeft { try? await Task.sleep(for: .seconds(60)) }
            }
        }
    }
}
