// The slot's decisions, one by one.
import BursarCore
import Testing

@Suite struct TokenSlotTests {
    static let start = Instant(seconds: 1_790_812_800)
    static let budget: Duration = .seconds(15)

    var slot = TokenSlot()
    var now = Self.start
    var waiters = 0

    static func token(
        generation: Int64 = 1, at issuedAt: Instant = start, life: Duration = .seconds(300)
    ) -> Token {
        Token(
            access: Secret("token \(generation)"), issuedAt: issuedAt, expiresAt: issuedAt + life,
            generation: Generation(generation), jitter: 0, refresh: nil)
    }

    mutating func ask(_ demand: TokenDemand = .any) -> RequestAction {
        waiters += 1
        var hit = slot
        let token = hit.hit(demand, now: now)
        let action = slot.request(demand, waiter: WaiterID(waiters), now: now, budget: Self.budget)
        // The short way says the same as the long one, or nothing.
        if let token {
            #expect(action == .serve(token, start: nil))
            #expect(hit.lastUsed == slot.lastUsed)
        }
        return action
    }

    /// Asks an idle slot and returns the flight that this must start.
    mutating func takeOff(_ demand: TokenDemand = .any) throws -> TokenSlot.Flight {
        guard case .wait(let flight?) = ask(demand) else {
            Issue.record("a flight must start")
            throw Unexpected()
        }
        return flight
    }

    /// Brings a token of generation 1, issued now.
    mutating func fill(generation: Int64 = 1, life: Duration = .seconds(300)) throws {
        let flight = try takeOff()
        let token = Self.token(generation: generation, at: now, life: life)
        _ = slot.land(flight.id, with: token, from: .provider, now: now)
    }

    struct Unexpected: Error {}

    mutating func land(_ flight: TokenSlot.Flight, with token: Token = token()) throws -> [Settlement] {
        guard let all = slot.land(flight.id, with: token, from: .provider, now: now) else {
            throw Unexpected()
        }
        return all
    }

    mutating func fail(_ flight: TokenSlot.Flight, with reason: FailureReason) throws -> [Settlement] {
        guard let all = slot.fail(flight.id, with: ExchangeFailure(reason), now: now, jitter: 0) else {
            throw Unexpected()
        }
        return all
    }

    // MARK: Cold

    @Test mutating func theFirstCallerStartsTheFlightAndTheOthersJoin() throws {
        let flight = try takeOff()
        #expect(flight.cause == .cold && flight.deadline == now + Self.budget)
        #expect(ask() == .wait(start: nil))
        #expect(ask() == .wait(start: nil))
        #expect(slot.waiterCount == 3)
        let settlements = try land(flight)
        #expect(Set(settlements.map(\.waiter.number)) == [1, 2, 3])
        #expect(settlements.allSatisfy { $0.verdict == .serve(Self.token(), .provider) })
        #expect(slot.waiterCount == 0)
    }

    @Test mutating func theShortWayServesAFreshTokenAndNothingElse() throws {
        #expect(slot.hit(.any, now: now) == nil)
        let flight = try takeOff()
        #expect(slot.hit(.any, now: now) == nil)
        _ = try land(flight)
        #expect(slot.hit(.any, now: now) == Self.token())
        #expect(slot.hit(TokenDemand(newerThan: Generation(1)), now: now) == nil)
        #expect(slot.hit(TokenDemand(minimumLife: .seconds(100)), now: now) == Self.token())
        now = Self.token().renewAt
        #expect(slot.hit(.any, now: now) == nil)
    }

    @Test mutating func afterLandingTheTokenIsServedFromMemory() throws {
        try fill()
        #expect(ask() == .serve(Self.token(), start: nil))
    }

    @Test mutating func oneCallersCancelLeavesTheFlightAndTheOthersAlone() throws {
        let flight = try takeOff()
        _ = ask()
        slot.cancel(WaiterID(1))
        let settlements = try land(flight)
        #expect(settlements.map(\.waiter) == [WaiterID(2)])
    }

    @Test mutating func aFlightWithoutCallersStillLands() throws {
        let flight = try takeOff()
        slot.cancel(WaiterID(1))
        #expect(slot.land(flight.id, with: Self.token(), from: .provider, now: now) == [])
        #expect(ask() == .serve(Self.token(), start: nil))
    }

    @Test mutating func waitersAreBounded() throws {
        _ = try takeOff()
        for _ in 1..<TokenSlot.waiterLimit { #expect(ask() == .wait(start: nil)) }
        #expect(ask() == .refuse(ExchangeFailure(.overloaded), retryAfter: .seconds(1)))
        slot.cancel(WaiterID(1))
        #expect(ask() == .wait(start: nil))
    }

    // MARK: Renewing

    @Test mutating func pastTheMarginTheOldTokenIsServedAndOneRenewalStarts() throws {
        try fill()
        now = Self.start + .milliseconds(199_999)
        #expect(ask() == .serve(Self.token(), start: nil))
        now = Self.start + .seconds(200)
        guard case .serve(Self.token(), let flight?) = ask() else { throw Unexpected() }
        #expect(flight.cause == .renewal && flight.newerThan == Generation(1))
        #expect(ask() == .serve(Self.token(), start: nil), "one renewal is enough")
    }

    @Test mutating func aFailedRenewalLeavesTheGoodTokenServed() throws {
        try fill()
        now = Self.start + .seconds(200)
        guard case .serve(_, let flight?) = ask() else { throw Unexpected() }
        #expect(slot.fail(flight.id, with: ExchangeFailure(.serverError), now: now, jitter: 0) == [])
        #expect(ask() == .serve(Self.token(), start: nil))
        now = Self.start + .milliseconds(200_500)
        guard case .serve(Self.token(), .some) = ask() else { throw Unexpected() }
    }

    @Test mutating func anEndedTokenIsNeverServed() throws {
        try fill()
        now = Self.start + .milliseconds(299_001)
        let flight = try takeOff()
        #expect(flight.cause == .cold)
        let settlements = try fail(flight, with: .timedOut)
        #expect(
            settlements.first?.verdict == .refuse(ExchangeFailure(.timedOut), retryAfter: .milliseconds(500)))
    }

    @Test mutating func slotsInUseRenewByThemselvesAndOthersDoNot() throws {
        try fill()
        #expect(slot.renewIfDue(now: Self.start + .seconds(199), keepWarm: false, budget: Self.budget) == nil)
        #expect(
            slot.renewIfDue(now: Self.start + .seconds(200), keepWarm: false, budget: Self.budget)?.cause
                == .renewal)
        slot = TokenSlot()
        try fill()
        #expect(
            slot.renewIfDue(now: Self.start + .seconds(3_601), keepWarm: false, budget: Self.budget) == nil)
        #expect(
            slot.renewIfDue(now: Self.start + .seconds(3_601), keepWarm: true, budget: Self.budget)?.cause
                == .keepWarm)
    }

    @Test mutating func longTokensStayInUseForTwiceTheirLife() throws {
        try fill(life: .seconds(86_400))
        let late = Self.start + .seconds(2 * 86_400)
        #expect(slot.renewIfDue(now: late + .seconds(1), keepWarm: false, budget: Self.budget) == nil)
        #expect(slot.renewIfDue(now: late, keepWarm: false, budget: Self.budget) != nil)
    }

    @Test mutating func anEmptySlotThatIsKeptWarmFillsItself() {
        #expect(slot.renewIfDue(now: now, keepWarm: false, budget: Self.budget) == nil)
        #expect(slot.nextEvent(keepWarm: false) == nil)
        #expect(slot.nextEvent(keepWarm: true) == Instant(microseconds: 0))
        #expect(slot.renewIfDue(now: now, keepWarm: true, budget: Self.budget)?.cause == .keepWarm)
    }

    // MARK: Failing

    @Test mutating func afterAFailureCallersAreToldWhenToComeBack() throws {
        let flight = try takeOff()
        _ = slot.fail(flight.id, with: ExchangeFailure(.serverError), now: now, jitter: 0)
        now = now + .milliseconds(100)
        #expect(ask() == .refuse(ExchangeFailure(.serverError), retryAfter: .milliseconds(400)))
        now = now + .milliseconds(400)
        _ = try takeOff()
    }

    @Test mutating func aSuccessForgetsTheFailures() throws {
        for _ in 0..<4 {
            let flight = try takeOff()
            _ = slot.fail(flight.id, with: ExchangeFailure(.serverError), now: now, jitter: 0)
            now = now + .seconds(10)
        }
        #expect(failuresInARow == 4)
        try fill(life: .seconds(60))
        now = now + .seconds(60)
        let flight = try takeOff()
        _ = slot.fail(flight.id, with: ExchangeFailure(.serverError), now: now, jitter: 0)
        #expect(failuresInARow == 1)
    }

    @Test(arguments: [FailureReason.circuitOpen, .overloaded])
    mutating func whatWasNotTriedMakesNoPauseLonger(reason: FailureReason) throws {
        try fill()
        now = Self.start + .seconds(250)
        for _ in 0..<4 {
            guard case .serve(_, let flight?) = ask() else { throw Unexpected() }
            _ = try fail(flight, with: reason)
            #expect(failuresInARow == 0)
            #expect(slot.condition(at: now, keepWarm: false).leftWhileFailing != nil, "but is not well")
            now = now + .seconds(2)
        }
        guard case .serve(_, let flight?) = ask() else { throw Unexpected() }
        _ = try fail(flight, with: .serverError)
        #expect(failuresInARow == 1)
    }

    private var failuresInARow: Int? {
        guard case .coolingDown(let cooling, _) = slot.state else { return nil }
        return cooling.count
    }

    @Test mutating func whatTheStoreRemembersIsTakenOver() throws {
        let flight = try takeOff()
        let stored = StoredFailure(reason: .invalidClient, count: 3, retryIn: .seconds(900))
        let settlements = slot.recall(flight.id, stored, now: now)
        #expect(
            settlements?.map(\.verdict) == [
                .refuse(ExchangeFailure(.invalidClient), retryAfter: .seconds(900))
            ])
        now = now + .seconds(900)
        let next = try takeOff()
        _ = slot.fail(next.id, with: ExchangeFailure(.invalidClient), now: now, jitter: 0)
        #expect(ask() == .refuse(ExchangeFailure(.invalidClient), retryAfter: .seconds(2_400)), "the fourth")
    }

    @Test mutating func retryNowEndsAQuarantine() throws {
        let flight = try takeOff()
        _ = slot.fail(flight.id, with: ExchangeFailure(.invalidClient), now: now, jitter: 0)
        #expect(ask() == .refuse(ExchangeFailure(.invalidClient), retryAfter: .seconds(300)))
        slot.retryNow(now: now)
        _ = try takeOff()
    }

    @Test mutating func retryNowKeepsASlotOnTheCalendarThatIsInUse() throws {
        let flight = try takeOff()
        _ = slot.fail(flight.id, with: ExchangeFailure(.circuitOpen), now: now, jitter: 0)
        var forgotten = slot
        slot.retryNow(now: now)
        #expect(slot.nextEvent(keepWarm: false) == now)
        #expect(slot.renewIfDue(now: now, keepWarm: false, budget: Self.budget) != nil)
        forgotten.retryNow(now: now + .seconds(3_601))
        #expect(forgotten.state == .empty && forgotten.nextEvent(keepWarm: false) == nil)
    }

    @Test mutating func aFlightPastItsDeadlineIsGivenUpAndItsLateAnswerDropped() throws {
        let flight = try takeOff()
        #expect(slot.overdue(now: now + Self.budget - .microseconds(1), jitter: 0) == nil)
        now = now + Self.budget
        let settlements = slot.overdue(now: now, jitter: 0)
        #expect(
            settlements?.map(\.verdict) == [
                .refuse(ExchangeFailure(.timedOut), retryAfter: .milliseconds(500))
            ])
        #expect(slot.land(flight.id, with: Self.token(), from: .provider, now: now) == nil)
        #expect(slot.fail(flight.id, with: ExchangeFailure(.serverError), now: now, jitter: 0) == nil)
        now = now + .seconds(1)
        #expect(try takeOff().id != flight.id)
    }

    @Test mutating func aFlightThatNobodyGaveUpIsGivenUpByTheNextCaller() throws {
        let flight = try takeOff()
        slot.cancel(WaiterID(1))
        now = now + Self.budget
        #expect(ask() == .refuse(ExchangeFailure(.timedOut), retryAfter: .milliseconds(500)))
        #expect(slot.land(flight.id, with: Self.token(), from: .provider, now: now) == nil)
    }

    @Test mutating func withdrawingTellsEveryoneAndDropsTheLateAnswer() throws {
        let flight = try takeOff()
        _ = ask()
        let settlements = slot.withdraw()
        #expect(settlements.count == 2)
        #expect(
            settlements.allSatisfy {
                $0.verdict == .refuse(ExchangeFailure(.superseded), retryAfter: .seconds(1))
            })
        #expect(slot.land(flight.id, with: Self.token(), from: .provider, now: now) == nil)
        #expect(slot.heldToken == nil)
    }
}
