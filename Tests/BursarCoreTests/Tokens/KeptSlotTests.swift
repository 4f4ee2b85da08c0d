// A slot whose credential was replaced and is kept, one that has a former one beside it, and one among
// replicas.
import BursarCore
import Testing

@Suite struct KeptSlotTests {
    private let start = TokenSlotTests.start
    private let budget = TokenSlotTests.budget

    private func waiting() throws -> (slot: TokenSlot, flight: TokenSlot.Flight) {
        var slot = TokenSlot()
        let action = slot.request(.any, waiter: WaiterID(1), now: start, budget: budget)
        guard case .wait(let flight?) = action else { throw TokenSlotTests.Unexpected() }
        return (slot, flight)
    }

    @Test func itsCallersLookAgainAndItsFlightGoesOn() throws {
        var (slot, flight) = try waiting()
        let settled = slot.keep()
        #expect(settled.map(\.waiter) == [WaiterID(1)])
        guard case .refuse(let failure, _) = settled.first?.verdict else { throw TokenSlotTests.Unexpected() }
        #expect(failure.reason == .superseded)
        let landed = slot.land(flight.id, with: TokenSlotTests.token(), from: .provider, now: start)
        #expect(landed == [] && slot.goodToken(at: start) != nil)
    }

    @Test func itIsRenewedByRequestsAlone() throws {
        var (slot, flight) = try waiting()
        _ = slot.land(flight.id, with: TokenSlotTests.token(), from: .provider, now: start)
        _ = slot.keep()
        let late = start + .seconds(290)
        #expect(slot.renewIfDue(now: late, keepWarm: true, budget: budget) == nil)
        #expect(slot.nextEvent(keepWarm: true) == nil && slot.warmUp(now: late, budget: budget) == nil)
        #expect(!slot.condition(at: late, keepWarm: true).isOverdue)
        guard case .serve(_, let renewal) = slot.request(.any, waiter: WaiterID(2), now: late, budget: budget)
        else { throw TokenSlotTests.Unexpected() }
        #expect(renewal?.cause == .renewal)
    }

    @Test func itYieldsOnlyWhileItHasNothingAndIsNotRejected() throws {
        let spare = TokenSlotTests.token()
        var (slot, flight) = try waiting()
        #expect(slot.yields(to: spare, for: .any, at: start))
        #expect(!slot.yields(to: spare, for: TokenDemand(newerThan: spare.generation), at: start))
        #expect(!slot.yields(to: spare, for: .any, at: start + .seconds(300)), "an ended one is no token")
        var rejected = slot
        _ = rejected.fail(flight.id, with: ExchangeFailure(.invalidClient), now: start, jitter: 0)
        #expect(!rejected.yields(to: spare, for: .any, at: start))
        var failed = slot
        _ = failed.fail(flight.id, with: ExchangeFailure(.serverError), now: start, jitter: 0)
        #expect(failed.yields(to: spare, for: .any, at: start))
        _ = slot.land(flight.id, with: TokenSlotTests.token(generation: 2), from: .provider, now: start)
        #expect(!slot.yields(to: spare, for: .any, at: start))
    }

    @Test func anotherReplicasQuarantineIsLookedAtAgainForAMinute() throws {
        let stored = StoredFailure(reason: .invalidClient, count: 1, retryIn: .seconds(300))
        var (slot, flight) = try waiting()
        var now = start
        var looks = 0
        _ = slot.recall(flight.id, stored, now: now)
        while let next = slot.nextEvent(keepWarm: false), next < start + .seconds(300) {
            guard case .refuse = slot.request(.any, waiter: WaiterID(2), now: next, budget: budget) else {
                throw TokenSlotTests.Unexpected()
            }
            guard let look = slot.renewIfDue(now: next, keepWarm: false, budget: budget) else { break }
            (now, looks) = (next, looks + 1)
            _ = slot.recall(look.id, stored, now: now)
        }
        #expect(looks == 13 && now == start + .seconds(65))
        #expect(slot.nextEvent(keepWarm: false) == now + .seconds(300))
    }
}
