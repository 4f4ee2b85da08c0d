// Promise 4 across a fail-over: what the former primary acknowledged and lost is counted all the same.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct FailoverTests {
    /// Commits are lost with the positions that they moved, at any time, also again and again.
    @Test(arguments: 0..<20) func everyAnswerIsCountedThoughCommitsAreLost(seed: Int) {
        var options = GatewayFixture.Options()
        options.seed = UInt64(seed)
        options.shuffles = true
        let fixture = GatewayFixture(options)
        let merchants = (0..<3).map { _ in fixture.addMerchant() }
        var random = SplitMix64(seed: UInt64(seed))
        var answered: Int64 = 0
        var moment = fixture.usage.moment
        for step in 0..<400 {
            if fixture.ask(merchants.randomElement(using: &random)!.client.request).count == 1 {
                answered += 1
            }
            fixture.advance(by: .milliseconds(Int.random(in: 0...1_500, using: &random)))
            switch Int.random(in: 0..<40, using: &random) {
            case 0: moment = fixture.usage.moment
            case 1:
                fixture.usage.restore(moment)
                let gateway = fixture.gateway
                fixture.run { await gateway.databaseMoved() }
            case 2: fixture.usage.losesAnswer.toggle()
            case 3: fixture.restart()
            case 4: fixture.usage.availability.failure = step % 2 == 0 ? .unavailable : nil
            default: break
            }
            // The journal keeps a quarter of an hour; a standby that lags further has lost more than that.
            if step % 100 == 0 { moment = fixture.usage.moment }
        }
        fixture.usage.losesAnswer = false
        fixture.usage.availability.failure = nil
        fixture.usage.restore(moment)
        let gateway = fixture.gateway
        fixture.run { await gateway.databaseMoved() }
        fixture.advance(by: .seconds(5))
        #expect(fixture.usage.sum == answered)
        #expect(fixture.usage.events.count == fixture.provider.calls.count)
    }

    @Test func theConfigurationIsReadInFullThoughItsVersionIsTheSame() {
        let fixture = GatewayFixture()
        let merchant = fixture.addMerchant()
        fixture.ask(merchant.client.request)
        // The former primary lost the change that made this client, and another change has taken its number.
        fixture.directory.change { tables in tables.clients[merchant.client.id] = nil }
        let gateway = fixture.gateway
        _ = fixture.run { await gateway.follow() }
        #expect(
            fixture.ask(merchant.client.request).served != nil, "nothing says that this client was touched")
        fixture.run { await gateway.databaseMoved() }
        #expect(fixture.ask(merchant.client.request).refusal == .clientUnknown)
    }

    @Test func aFullReadingThatFailsIsMadeUpFor() {
        let fixture = GatewayFixture()
        let merchant = fixture.addMerchant()
        fixture.ask(merchant.client.request)
        fixture.directory.change { tables in tables.clients[merchant.client.id] = nil }
        fixture.directory.availability.failure = .unavailable
        let gateway = fixture.gateway
        fixture.run { await gateway.databaseMoved() }
        #expect(gateway.isReady)
        fixture.directory.availability.failure = nil
        fixture.advance(by: .seconds(3))
        #expect(fixture.ask(merchant.client.request).refusal == .clientUnknown)
    }
}
