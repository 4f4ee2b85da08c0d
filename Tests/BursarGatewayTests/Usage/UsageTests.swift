// Promise 4: every answer is counted, once, under its own key.
import BursarCore
import BursarGateway
import BursarTestSupport
import BursarVault
import MetricsTestKit
import Testing

@Suite struct UsageTests {
    let metrics = TestMetrics()
    let fixture: GatewayFixture
    let merchant: TestMerchant

    init() {
        var options = GatewayFixture.Options()
        options.metrics = metrics
        fixture = GatewayFixture(options)
        merchant = fixture.addMerchant()
    }

    private func key(_ outcome: AnswerOutcome, _ merchant: TestMerchant) -> UsageKey {
        UsageKey(
            tenant: merchant.tenant, client: merchant.client.id, provider: ProviderProfile.zertiban.id,
            environment: .sandbox, outcome: outcome)
    }

    @Test func eachSourceHasItsOwnCount() {
        fixture.ask(merchant.client.request)
        for _ in 0..<7 { fixture.ask(merchant.client.request) }
        fixture.flush()
        fixture.restart()
        fixture.ask(merchant.client.request)
        fixture.flush()
        #expect(
            fixture.usage.answered == [
                key(.answeredFromProvider, merchant): 1, key(.answeredFromMemory, merchant): 7,
                key(.answeredFromStore, merchant): 1,
            ])
    }

    @Test func everyKindOfRequestIsCountedOnceUnderItsKey() {
        let limited = fixture.addMerchant(limit: RateLimit(count: 1, period: .seconds(3_600), burst: 1)!)
        let rejected = fixture.addMerchant()
        let down = fixture.addMerchant()
        fixture.provider.behave { call in
            switch call.clientID {
            case rejected.account: .fail(ExchangeFailure(.invalidClient))
            case down.account: .fail(ExchangeFailure(.serverError))
            default: .answer
            }
        }
        for one in [merchant, limited, limited, rejected, down] { fixture.ask(one.client.request) }
        var badScope = merchant.client.request
        badScope.scope = "admin"
        var badTarget = merchant.client.request
        badTarget.provider = ProviderProfile.phoenix.id
        var foreign = merchant.client.request
        foreign.tenant = down.tenant
        let unknown = TokenRequest(proof: ClientProof(clientID: nil, secret: Vault.makeClient().secret))
        for request in [badScope, badTarget, foreign, unknown] { fixture.ask(request) }
        fixture.gateway.countMalformed()
        fixture.flush()
        #expect(
            fixture.usage.answered == [
                key(.answeredFromProvider, merchant): 1, key(.answeredFromProvider, limited): 1,
                UsageKey(tenant: limited.tenant, client: limited.client.id, outcome: .limited): 1,
                key(.failedByCredential, rejected): 1, key(.failedByProvider, down): 1,
                key(.failedByCaller, merchant): 1,
                UsageKey(tenant: merchant.tenant, client: merchant.client.id, outcome: .failedByCaller): 1,
                UsageKey(client: merchant.client.id, outcome: .refused): 1, UsageKey(outcome: .refused): 1,
                UsageKey(outcome: .failedByCaller): 1,
            ])
        #expect(fixture.usage.sum == 10)
    }

    @Test func theSumOfTheCountsIsTheNumberOfAnswers() {
        let merchants = [merchant] + (0..<5).map { _ in fixture.addMerchant() }
        var random = SplitMix64(seed: 5)
        var pending: [PendingAnswer<ServedToken>] = []
        for step in 0..<3_000 {
            if step % 500 == 0 {
                fixture.provider.behave {
                    $0.number % 3 == 0 ? .fail(ExchangeFailure(.serverError)) : .answerAfter(.seconds(1))
                }
            }
            fixture.usage.availability.failure = step % 700 > 500 ? .unavailable : nil
            let one = merchants.randomElement(using: &random)!
            let demands = [
                TokenDemand.any, TokenDemand(minimumLife: .seconds(140)),
                TokenDemand(newerThan: Generation(1_790_812_900)),
            ]
            pending.append(fixture.begin(one.client.request(demands.randomElement(using: &random)!)))
            if Int.random(in: 0..<20, using: &random) == 0 { pending.randomElement(using: &random)!.cancel() }
            if Int.random(in: 0..<3, using: &random) == 0 {
                fixture.advance(by: .milliseconds(Int.random(in: 0...2_000, using: &random)))
            }
        }
        fixture.usage.availability.failure = nil
        fixture.advance(by: .seconds(60))
        #expect(pending.allSatisfy { $0.count <= 1 })
        #expect(fixture.usage.sum == Int64(pending.map(\.count).reduce(0, +)))
        let served = pending.filter { $0.served != nil }.count
        let answered = AnswerOutcome.allCases.filter { $0.rawValue.hasPrefix("answered") }
        #expect(answered.map { fixture.usage.sum(of: $0) }.reduce(0, +) == Int64(served))
    }

    @Test func aCallerWhoLeftIsNotCounted() {
        fixture.provider.behave { _ in .hold }
        let pending = fixture.ask(merchant.client.request)
        pending.cancel()
        fixture.provider.release()
        fixture.advance(by: .seconds(2))
        #expect(fixture.usage.sum == 0 && fixture.usage.events.count == 1)
    }

    @Test func everyRequestToAProviderIsAnEvent() throws {
        fixture.provider.behave {
            $0.number == 1 ? .fail(ExchangeFailure(.serverError)) : .answerAfter(.milliseconds(250))
        }
        fixture.begin(merchant.client.request)
        fixture.advance(by: .seconds(30))
        let events = fixture.usage.events
        #expect(events.count == 2 && events.count == fixture.provider.calls.count)
        #expect(events.map(\.failure) == [.serverError, nil])
        let last = try #require(events.last)
        #expect(last.latency == .milliseconds(250) && last.lifetime == .seconds(300) && last.status == 200)
        #expect(last.owner == OwnerID(merchant.tenant) && last.credential == merchant.credential)
        #expect(Set(events.map(\.id)).count == 2)
    }

    // MARK: Metrics

    private func counter(_ outcome: AnswerOutcome) throws -> Int64 {
        let labels: [(String, String)] =
            switch outcome {
            case .answeredFromMemory: [("outcome", "answered"), ("source", "memory"), ("fault", "none")]
            case .answeredFromProvider:
                [("outcome", "answered"), ("source", "provider"), ("fault", "none")]
            default: [("outcome", outcome.rawValue), ("source", "none"), ("fault", "none")]
            }
        return try metrics.expectCounter(GatewayMetrics.Name.requests, labels).totalValue
    }

    @Test func metricsSayTheSameAsTheCounts() throws {
        for _ in 0..<5 { fixture.ask(merchant.client.request) }
        fixture.ask(TokenRequest(proof: ClientProof(clientID: nil, secret: Secret("garbage"))))
        #expect(try counter(.answeredFromMemory) == 4)
        #expect(try counter(.answeredFromProvider) == 1)
        #expect(try counter(.refused) == 1)
        #expect(try counter(.limited) == 0, "there from the start")
        let times = ["memory", "provider", "none"].map { ("source", $0) }.map { label in
            try? metrics.expectTimer(GatewayMetrics.Name.requestDuration, [label]).values.count
        }
        #expect(times == [4, 1, 1])
        let left = try metrics.expectRecorder(GatewayMetrics.Name.remaining).values
        #expect(left == Array(repeating: 300, count: 5))
        let refreshes = try metrics.expectCounter(
            GatewayMetrics.Name.refreshes,
            [
                ("provider", "zertiban"), ("step", "full"), ("outcome", "ok"), ("fault", "none"),
                ("cause", "cold"),
            ])
        #expect(refreshes.totalValue == 1)
    }

    private func gauge(_ name: String, _ labels: [(String, String)] = []) throws -> Double? {
        try metrics.expectGauge(name, [("provider", "zertiban")] + labels).lastValue
    }

    @Test func aCensusCountsSlotsByState() throws {
        fixture.provider.behave { _ in .hold }
        for _ in 0..<3 { fixture.ask(merchant.client.request) }
        fixture.gateway.takeCensus()
        #expect(try gauge(GatewayMetrics.Name.slots, [("state", "refreshing")]) == 1)
        #expect(try gauge(GatewayMetrics.Name.slots, [("state", "fresh")]) == 0)
        #expect(try metrics.expectGauge(GatewayMetrics.Name.waiters).lastValue == 3)
        #expect(try gauge(GatewayMetrics.Name.timeToOutage) == .infinity, "nothing has failed yet")
        fixture.provider.release()
        fixture.advance(by: .seconds(1))
        fixture.gateway.takeCensus()
        #expect(try gauge(GatewayMetrics.Name.slots, [("state", "fresh")]) == 1)
        #expect(try metrics.expectGauge(GatewayMetrics.Name.waiters).lastValue == 0)
    }

    @Test func theTimeToTheOutageIsWhatAFailingTokenHasLeft() throws {
        fixture.ask(merchant.client.request)
        fixture.provider.behave { _ in .fail(ExchangeFailure(.serverError)) }
        fixture.advance(by: .seconds(240))
        fixture.gateway.takeCensus()
        #expect(try gauge(GatewayMetrics.Name.timeToOutage) == 60)
        #expect(try gauge(GatewayMetrics.Name.nearOutage) == 1)
        fixture.advance(by: .seconds(120))
        fixture.gateway.takeCensus()
        #expect(try gauge(GatewayMetrics.Name.timeToOutage) == 0, "it has ended, and somebody used it")
        fixture.advance(by: .seconds(7_200))
        fixture.gateway.takeCensus()
        #expect(try gauge(GatewayMetrics.Name.timeToOutage) == .infinity, "nobody relies on it any more")
        #expect(try gauge(GatewayMetrics.Name.nearOutage) == 0)
    }

    @Test func aRejectedCredentialShowsAsQuarantined() throws {
        fixture.provider.behave { _ in .fail(ExchangeFailure(.invalidClient)) }
        fixture.ask(merchant.client.request)
        fixture.gateway.takeCensus()
        #expect(try gauge(GatewayMetrics.Name.slots, [("state", "quarantined")]) == 1)
        #expect(try gauge(GatewayMetrics.Name.overdue) == 0)
        #expect(try gauge(GatewayMetrics.Name.timeToOutage) == .infinity, "its merchant's matter")
        fixture.advance(by: .seconds(7_200))
        fixture.gateway.takeCensus()
        #expect(try gauge(GatewayMetrics.Name.slots, [("state", "quarantined")]) == 0, "nobody relies on it")
        #expect(try gauge(GatewayMetrics.Name.slots, [("state", "cooling_down")]) == 1)
    }

    @Test func noLabelNamesATenantOrAClient() {
        fixture.ask(merchant.client.request)
        let text =
            "\(metrics.recorders.map(\.label))" + metrics.counters.flatMap(\.dimensions).map(\.1).joined()
        #expect(!text.contains(merchant.tenant.description) && !text.contains(merchant.client.id.text))
    }
}
