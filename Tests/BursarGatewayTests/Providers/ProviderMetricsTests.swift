// What operators see of the ways to the providers.
import BursarCore
import BursarGateway
import BursarTestSupport
import MetricsTestKit
import Testing

@Suite struct ProviderMetricsTests {
    let metrics = TestMetrics()
    let fixture: GatewayFixture

    init() {
        var options = GatewayFixture.Options()
        options.metrics = metrics
        options.profiles[ProviderProfile.zertiban.id]?.limits.concurrency = 2
        fixture = GatewayFixture(options)
    }

    private func gauge(_ name: String, _ labels: [(String, String)] = []) throws -> Double? {
        fixture.gateway.takeCensus()
        return try metrics.expectGauge(name, [("provider", "zertiban")] + labels).lastValue
    }

    private func count(_ name: String) throws -> Int64 {
        try metrics.expectCounter(name, [("provider", "zertiban")]).totalValue
    }

    @Test func theBreakerShowsWithWhatItHeldBack() throws {
        let merchants = (0..<8).map { _ in fixture.addMerchant() }
        #expect(try gauge(GatewayMetrics.Name.circuits, [("state", "open")]) == 0)
        fixture.provider.fail(.serverError)
        for merchant in merchants { fixture.ask(merchant.client.request) }
        #expect(try gauge(GatewayMetrics.Name.circuits, [("state", "open")]) == 1)
        #expect(try gauge(GatewayMetrics.Name.circuits, [("state", "closed")]) == 0)
        #expect(try count(GatewayMetrics.Name.circuitsOpened) == 1)
        #expect(try count(GatewayMetrics.Name.circuitRefusals) == 3)
        fixture.provider.recover()
        fixture.advance(by: .seconds(14))
        #expect(try gauge(GatewayMetrics.Name.circuits, [("state", "closed")]) == 1)
    }

    @Test func theLineShowsWhileItStands() throws {
        let merchants = (0..<5).map { _ in fixture.addMerchant() }
        fixture.provider.behave { _ in .hold }
        for merchant in merchants { fixture.ask(merchant.client.request) }
        #expect(try gauge(GatewayMetrics.Name.inLine) == 3)
        fixture.provider.recover()
        fixture.provider.release()
        fixture.settle()
        #expect(try gauge(GatewayMetrics.Name.inLine) == 0)
    }

    @Test func aMassRejectionShowsUntilItEnds() throws {
        let merchants = (0..<8).map { _ in fixture.addMerchant() }
        fixture.provider.fail(.invalidClient)
        for merchant in merchants { fixture.ask(merchant.client.request) }
        #expect(try gauge(GatewayMetrics.Name.massRejections) == 1)
        fixture.provider.recover()
        fixture.advance(by: .seconds(14))
        #expect(try gauge(GatewayMetrics.Name.massRejections) == 0)
        #expect(try gauge(GatewayMetrics.Name.slots, [("state", "quarantined")]) == 0)
    }
}
