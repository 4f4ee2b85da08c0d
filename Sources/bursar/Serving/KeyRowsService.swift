// Watches what is sealed under which key, so that a key that is missing is seen before it is missed.
import BursarLedger
import BursarVault
import ServiceLifecycle

/// Each minute: keys come and go by people's hands.
struct KeyRowsService: Service {
    let ledger: Ledger
    let vault: Vault
    let metrics: DatabaseMetrics

    func run() async {
        await cancelWhenGracefulShutdown {
            var seen: Set<String> = []
            while !Task.isCancelled {
                do {
                    let (uses, policy) = try await ledger.watchedKeys()
                    metrics.record(
                        uses, sealing: policy.sealing ?? vault.sealingKeyID, keyring: vault.keyIDs,
                        former: seen)
                    seen.formUnion(uses.map(\.keyID) + vault.keyIDs)
                    try? await Task.sleep(for: .seconds(60))
                } catch {
                    try? await Task.sleep(for: .seconds(10))  // the ledger has reported it
                }
            }
        }
    }
}
