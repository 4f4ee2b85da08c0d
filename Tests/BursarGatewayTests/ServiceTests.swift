// The services as the process runs them: they end when told to, and leave nothing behind.
import BursarCore
import BursarGateway
import BursarTestSupport
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@Suite struct ServiceTests {
    let fixture = GatewayFixture()

    @Test func aGracefulShutdownFinishesTheFlightAndFlushesEveryCount() async throws {
        let merchant = fixture.addMerchant()
        fixture.provider.behave { _ in .hold }
        let (gateway, provider) = (fixture.makeGateway(), fixture.provider)
        // The fixture's own gateway gives up half of the limits.
        for replica in [gateway, fixture.gateway, gateway] { await replica.beat() }
        _ = await gateway.follow()
        let pending = PendingAnswer<ServedToken>()
        let services = ServiceGroup(
            services: gateway.services,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        async let running: Void = services.run()
        gateway.token(merchant.client.request, respond: pending.respond)
        while provider.calls.isEmpty { await Task.yield() }
        await services.triggerGracefulShutdown()
        provider.release()
        try await running
        #expect(pending.count == 1 && pending.served != nil)
        #expect(fixture.usage.sum == 1 && fixture.usage.events.count == 1)
    }

    @Test func cancelledServicesStillGiveBackLeasesDeliverTheCountsAndTakeLeave() async throws {
        let merchant = fixture.addMerchant()
        let gateway = await joined()
        let running = Task {
            await withTaskGroup(of: Void.self) { group in
                for service in gateway.services { group.addTask { try? await service.run() } }
            }
        }
        await hang(merchant, at: gateway)
        gateway.countMalformed()
        running.cancel()
        await running.value
        #expect(fixture.usage.sum >= 1)
        #expect(!fixture.replicas.reports.map(\.id).contains(gateway.environment.replica))
        fixture.provider.recover()
        #expect(fixture.ask(merchant.client.request).served != nil, "without any time passing")
    }

    @Test(.timeLimit(.minutes(1)))
    func aProviderThatHangsLeavesTimeForWhatComesLast() async throws {
        let merchant = fixture.addMerchant()
        let gateway = await joined()
        let services = ServiceGroup(
            services: gateway.services,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let isOver = Mutex(false)
        let running = Task {
            try? await services.run()
            isOver.withLock { $0 = true }
        }
        let clock = fixture.clock
        // When flights are given up; who would sleep beyond it would hold up the end.
        let last = clock.now() + .milliseconds(8_500)
        gateway.leave()
        clock.advance(by: .seconds(8))  // the longest drain
        await hang(merchant, at: gateway)
        await services.triggerGracefulShutdown()
        while !isOver.withLock({ $0 }) {
            if let wake = clock.nextWake, wake <= last { clock.advance(to: wake) }
            await Task.yield()
        }
        await running.value
        #expect(!fixture.replicas.reports.map(\.id).contains(gateway.environment.replica))
        fixture.provider.recover()
        #expect(fixture.ask(merchant.client.request).served != nil, "its lease was given back")
    }

    /// A gateway to be run on the usual threads, which the fixture's own has given up half of the limits for.
    private func joined() async -> Gateway {
        let gateway = fixture.makeGateway()
        for replica in [gateway, fixture.gateway, gateway] { await replica.beat() }
        _ = await gateway.follow()
        return gateway
    }

    /// Returns when a flight of this merchant waits for the provider.
    private func hang(_ merchant: TestMerchant, at gateway: Gateway) async {
        fixture.provider.behave { _ in .hold }
        gateway.token(merchant.client.request, respond: PendingAnswer<ServedToken>().respond)
        while fixture.provider.calls.isEmpty { await Task.yield() }
    }

    @Test func cancelledServicesEndToo() async {
        let services = fixture.makeGateway().services
        let running = Task {
            await withTaskGroup(of: Void.self) { group in
                for service in services { group.addTask { try? await service.run() } }
            }
        }
        running.cancel()
        await running.value
    }
}
