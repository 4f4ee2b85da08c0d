// Sets slots going again once their provider has come to itself.
internal import BursarCore
internal import ServiceLifecycle
internal import Synchronization

extension Gateway {
    /// Slots that were held back by an open breaker ask again once it has closed, and credentials that were
    /// quarantined in a mass rejection are pardoned, here and in the store. `MendingService` calls it by
    /// itself; simulated time calls it.
    package func mend() async {
        var suspects: [SlotCell] = []
        for (host, findings) in access.look() {
            let now = environment.clock.now()
            if findings.hasClosed {
                let held = desk.cells { $0.provider == host.provider }
                retry(held.filter { $0.waits(for: .circuitOpen, now: now) }, after: .circuitOpen)
            }
            // Again and again while it lasts: a quarantine may come from the store, or have been on its way.
            suspects += findings.suspects.flatMap { desk.cells(of: $0) }
                .filter { $0.waits(for: .invalidClient, now: now) }
        }
        await pardon(suspects)
    }

    /// In the store first, where a slot that asks again would find its quarantine. While that is away it is
    /// enough to forget it here, and the store is told once it is back.
    private func pardon(_ cells: [SlotCell]) async {
        let owners = pardons.withLock { pardons in
            for credential in cells.map(\.context.credential) { pardons[credential.id] = credential.owner }
            return pardons
        }
        guard !owners.isEmpty else { return }
        do throws(StoreFailure) {
            try await world.tokens.pardon(owners)
            pardons.withLock { pardons in
                for credential in owners.keys { pardons[credential] = nil }
            }
        } catch {
            environment.storeFailed(error, during: "pardoning credentials")
        }
        retry(cells, after: .invalidClient)
    }

    /// On demand at once; by themselves spread over a while. Those that wait for something else by now are
    /// left alone.
    private func retry(_ cells: [SlotCell], after reason: FailureReason) {
        let now = environment.clock.now()
        for cell in cells where cell.retryNow(if: reason, now: now) {
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
