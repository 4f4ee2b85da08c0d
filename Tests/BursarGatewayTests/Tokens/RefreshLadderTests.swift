// A provider with refresh tokens: refresh, and only where that fails id and secret (PROVIDERS T1 to T3).
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct RefreshLadderTests {
    let fixture = GatewayFixture()
    let merchant: TestMerchant

    init() { merchant = fixture.addMerchant(.paymentAPI, lifetime: .seconds(900)) }

    private var steps: [RefreshEvent.Step] { fixture.provider.calls.map(\.step) }

    @Test func overTwentyFiveHoursThereAreRefreshesAndOneFullExchangeBeforeTheDeadline() throws {
        let start = fixture.clock.now()
        for _ in 0..<(25 * 60) {
            let served = try #require(fixture.ask(merchant.client.request).served)
            #expect(served.token.secondsLeft(at: served.at) >= 290)
            fixture.advance(by: .seconds(60))
        }
        let full = fixture.provider.calls.filter { $0.step == .full }
        #expect(steps.first == .full && full.count == 2)
        let second = try #require(full.last).at - start
        #expect(second < .seconds(24 * 3_600) && second > .seconds(23 * 3_600))
        #expect(fixture.usage.events.allSatisfy { $0.failure == nil }, "no refresh came too late")
        #expect((140...180).contains(steps.filter { $0 == .refresh }.count))
    }

    @Test func aRefreshWithoutANewRefreshTokenKeepsTheOldOneAndItsDeadline() throws {
        let first = try #require(fixture.ask(merchant.client.request).served).token
        fixture.advance(by: .seconds(4_000))
        let later = try #require(fixture.ask(merchant.client.request).served).token
        #expect(later.generation > first.generation)
        #expect(later.refresh == first.refresh)
        #expect(later.refresh?.until == first.issuedAt + .seconds(86_400))
    }

    @Test func aNewRefreshTokenReplacesTheOldOne() throws {
        var account = ScriptedProvider.Account(
            secret: "secret-of-\(merchant.account)", lifetime: .seconds(900),
            refreshLifetime: .seconds(86_400))
        account.rotates = true
        fixture.provider.setAccount(account, of: merchant.account)
        let first = try #require(fixture.ask(merchant.client.request).served).token
        fixture.advance(by: .seconds(10_000))
        let later = try #require(fixture.ask(merchant.client.request).served).token
        #expect(later.refresh != first.refresh)
        #expect(steps.filter { $0 == .full }.count == 1)
        #expect(fixture.usage.events.allSatisfy { $0.failure == nil })
    }

    @Test func aReplicaUsesTheRefreshTokenOfTheLatestTokenNotOfItsOwn() throws {
        var account = ScriptedProvider.Account(
            secret: "secret-of-\(merchant.account)", lifetime: .seconds(900),
            refreshLifetime: .seconds(86_400))
        account.rotates = true
        fixture.provider.setAccount(account, of: merchant.account)
        let other = fixture.addReplica()
        fixture.ask(merchant.client.request)
        fixture.ask(merchant.client.request, of: other)
        // The first replica replaces the token, the second one still holds the former.
        let former = try #require(fixture.ask(merchant.client.request).served).token
        let demand = TokenDemand(newerThan: former.generation)
        let newer = try #require(fixture.ask(merchant.client.request(demand)).served).token
        let wish = TokenDemand(newerThan: newer.generation)
        #expect(fixture.ask(merchant.client.request(wish), of: other).served != nil)
        #expect(steps == [.full, .refresh, .refresh])
        #expect(fixture.usage.events.allSatisfy { $0.failure == nil })
    }

    @Test func aRejectedTokenReportedByAHundredCallersCausesOneRefresh() throws {
        let token = try #require(fixture.ask(merchant.client.request).served).token
        fixture.provider.behave { _ in .answerAfter(.milliseconds(200)) }
        let reports = (0..<100).map { _ in fixture.report(token.access, by: merchant.client) }
        fixture.settle()
        #expect(
            fixture.ask(merchant.client.request).served?.token == token, "others get the old one meanwhile")
        #expect(reports.allSatisfy { $0.value == nil }, "each report ends with the renewal")
        fixture.advance(by: .seconds(1))
        #expect(reports.allSatisfy { $0.value?.refusal == nil && $0.value != nil })
        #expect(steps == [.full, .refresh])
        let successor = try #require(fixture.ask(merchant.client.request).served).token
        #expect(successor.generation > token.generation)
        #expect(fixture.usage.events.count == 1 || fixture.usage.events.last?.cause == .rejected)
    }

    @Test func aReportAboutAFormerTokenCausesNone() throws {
        let former = try #require(fixture.ask(merchant.client.request).served).token
        fixture.advance(by: .seconds(700))
        let calls = fixture.provider.calls.count
        #expect(calls > 1)
        let report = fixture.report(former.access, by: merchant.client)
        let stranger = fixture.report(Secret("no such token"), by: merchant.client)
        fixture.settle()
        #expect(report.value != nil && stranger.value != nil, "answered at once")
        #expect(fixture.provider.calls.count == calls)
    }

    @Test func aReportOfAnotherTenantsTokenCausesNone() throws {
        let token = try #require(fixture.ask(merchant.client.request).served).token
        let other = fixture.addMerchant(.paymentAPI)
        fixture.ask(other.client.request)
        let calls = fixture.provider.calls.count
        let report = fixture.report(token.access, by: other.client)
        fixture.settle()
        #expect(report.value != nil && fixture.provider.calls.count == calls)
    }

    @Test func aReportStillFindsItsTokenAfterTheTenantWasRenamed() throws {
        let token = try #require(fixture.ask(merchant.client.request).served).token
        fixture.changeTenant(merchant.tenant) { $0.name = "Renamed" }
        fixture.follow()
        let report = fixture.report(token.access, by: merchant.client)
        fixture.settle()
        #expect(report.value != nil && steps == [.full, .refresh])
    }

    @Test func reportsForceThreeRenewalsAtOnceAndOneInThirtySeconds() throws {
        for _ in 0..<6 {
            let token = try #require(fixture.ask(merchant.client.request).served).token
            let report = fixture.report(token.access, by: merchant.client)
            fixture.settle()
            #expect(report.value?.refusal == nil && report.value != nil)
        }
        #expect(steps.count == 1 + 3)
        fixture.advance(by: .seconds(30))
        let token = try #require(fixture.ask(merchant.client.request).served).token
        _ = fixture.report(token.access, by: merchant.client)
        fixture.settle()
        #expect(steps.count == 1 + 4)
    }

    @Test func aFailingRefreshCausesOneFullExchange() throws {
        let token = try #require(fixture.ask(merchant.client.request).served).token
        fixture.provider.behave { $0.step == .refresh ? .fail(ExchangeFailure(.refreshRefused)) : .answer }
        let report = fixture.report(token.access, by: merchant.client)
        fixture.settle()
        #expect(report.value != nil)
        #expect(steps == [.full, .refresh, .full])
        let successor = try #require(fixture.ask(merchant.client.request).served).token
        #expect(successor.generation > token.generation && successor.refresh != token.refresh)
    }

    @Test func aRefreshThatHangsLeavesTimeForTheFullExchange() throws {
        let token = try #require(fixture.ask(merchant.client.request).served).token
        fixture.provider.behave { $0.step == .refresh ? .hold : .answer }
        let report = fixture.report(token.access, by: merchant.client)
        fixture.advance(by: .seconds(10))
        #expect(report.value != nil && steps == [.full, .refresh, .full])
        #expect(try #require(fixture.ask(merchant.client.request).served).token.generation > token.generation)
    }

    @Test func theRefreshTokenSurvivesARestart() throws {
        fixture.ask(merchant.client.request)
        fixture.restart()
        fixture.ask(merchant.client.request)
        fixture.advance(by: .seconds(700))
        #expect(steps == [.full, .refresh])
    }
}
