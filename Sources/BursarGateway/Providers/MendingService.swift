// Sets slots going again once their provider has come to itself.
internal import BursarCore
internal import ServiceLifecycle

extension Gateway {
    /// Slots that were held back by an open breaker ask again once it has closed, and credentials that were
    /// quarantined in a mass rejection are pardoned, here and in the store. `MendingService` calls it by
    /// itself; simulated time calls it.
    package func mend() async {
        for (host, findings) in access.look() {
            if findings.hasClosed {
                let held = desk.cells { $0.provider == host.provider }.filter { $0.waits(for: .circuitOpen) }
                retry(held)
            }
            guard !findings.suspects.isEmpty else { continue }
            // Again and again while it lasts: a quarantine may come from the store, or have been on its way.
            await pardon(
                findings.suspects.flatMap { desk.cells(of: $0) }.filter { $0.waits(for: .invalidClient) })
        }
    }

    private func pardon(_ cells: [SlotCell]) async {
        guard !cells.isEmpty else { return }
        let owners = Dictionary(
            cells.map { ($0.key.fields.credential, $0.key.fields.owner) },
            uniquingKeysWith: { first, _ in first })
        do throws(StoreFailure) {
            try await world.tokens.pardon(owners)
        } catch {
            // They stay as they are until the store answers.
            return environment.storeFailed(error, during: "pardoning credentials")
        }
        retry(cells)
    }

    /// On demand at once; by themselves spread over a while.
    private func retry(_ cells: [SlotCell]) {
        let now = environment.clock.now()
        for cell in cells where cell.retryNow() {
            desk.reschedule(cell, notBefore: now + Backoff.longestSpread * environment.random.fraction())
        }
    }
}

/// Looks once a second.
struct MendingService: Service {
    let gateway: Gateway

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await gateway.mend()
                await gateway.environment.pause(.seconds(1))
            }
        }
    }
}
