// The services as the process runs them: they end when told to, and leave nothing behind.
import BursarCore
import BursarGateway
import BursarTestSupport
import Logging
import ServiceLifecycle
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
