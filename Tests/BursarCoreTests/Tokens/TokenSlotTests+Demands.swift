// What callers may demand of a slot: a newer token, or one that lives longer.
import BursarCore
import Testing

extension TokenSlotTests {
    @Test mutating func aRejectedTokenIsReplacedOnceForAll() throws {
        try fill(generation: 7)
        let demand = TokenDemand(newerThan: Generation(7))
        let flight = try takeOff(demand)
        #expect(flight.cause == .rejected && flight.newerThan == Generation(7))
        for _ in 0..<99 { #expect(ask(demand) == .wait(start: nil)) }
        #expect(ask() == .serve(Self.token(generation: 7), start: nil), "others keep the old token meanwhile")
        let settlements = try land(flight, with: Self.token(generation: 8))
        #expect(settlements.count == 100)
        #expect(ask(demand) == .serve(Self.token(generation: 8), start: nil))
    }

    @Test mutating func whoRejectsATokenNeverGetsItBack() throws {
        try fill(generation: 7)
        let flight = try takeOff(TokenDemand(newerThan: Generation(7)))
        let settlements = try fail(flight, with: .serverError)
        #expect(
            settlements.map(\.verdict) == [
                .refuse(ExchangeFailure(.serverError), retryAfter: .milliseconds(500))
            ])
        #expect(ask() == .serve(Self.token(generation: 7), start: nil), "but others do")
    }

    @Test mutating func forcedRenewalsAreThreeAtOnceAndOneInThirtySeconds() throws {
        try fill(generation: 1, life: .seconds(3_600))
        for generation in 1...3 as ClosedRange<Int64> {
            let flight = try takeOff(TokenDemand(newerThan: Generation(generation)))
            let next = Self.token(generation: generation + 1, at: now, life: .seconds(3_600))
            _ = slot.land(flight.id, with: next, from: .provider, now: now)
        }
        let demand = TokenDemand(newerThan: Generation(4))
        #expect(ask(demand) == .refuse(ExchangeFailure(.overloaded), retryAfter: .seconds(30)))
        now = now + .seconds(30)
        _ = try takeOff(demand)
    }

    @Test mutating func aWishForLifeIsGrantedByARenewalAndFallsBackToTheGoodToken() throws {
        try fill()
        now = Self.start + .seconds(160)
        let flight = try takeOff(TokenDemand(minimumLife: .seconds(200)))
        #expect(flight.cause == .renewal)
        let settlements = try fail(flight, with: .serverError)
        #expect(settlements.map(\.verdict) == [.serve(Self.token(), .memory)])
        #expect(ask(TokenDemand(minimumLife: .seconds(200))) == .serve(Self.token(), start: nil))
    }

    @Test mutating func aWishForLifeBeyondTheForcedLimitGetsTheGoodToken() throws {
        try fill()
        now = Self.start + .seconds(160)
        for _ in 0..<3 {
            let flight = try takeOff(TokenDemand(minimumLife: .seconds(200)))
            _ = slot.land(flight.id, with: Self.token(generation: 2), from: .store, now: now)
        }
        #expect(ask(TokenDemand(minimumLife: .seconds(200))) == .serve(Self.token(generation: 2), start: nil))
    }

    @Test mutating func aGenerationFromTheFutureIsRefusedAndHarmless() throws {
        let flight = try takeOff(TokenDemand(newerThan: Generation(.max)))
        let settlements = try land(flight)
        #expect(
            settlements.map(\.verdict) == [.refuse(ExchangeFailure(.overloaded), retryAfter: .seconds(1))])
        #expect(slot.generation == Generation(1))
        #expect(ask() == .serve(Self.token(), start: nil))
    }

    @Test mutating func anInventedGenerationPushesNothingUp() throws {
        let invented = TokenDemand(newerThan: Generation(.max - 1))
        let cold = try takeOff(invented)
        #expect(cold.newerThan <= Generation(now.microseconds / 1_000_000 + 3_600))
        let settled = try land(cold, with: Self.token(at: now))
        guard case .refuse = settled.first?.verdict else {
            Issue.record("no token of ours is newer than that")
            return
        }
        guard case .wait(let forced?) = ask(invented) else {
            Issue.record("a forced renewal must start")
            return
        }
        #expect(forced.newerThan <= Generation(now.microseconds / 1_000_000 + 3_600))
    }
}
