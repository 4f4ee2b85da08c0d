// The pool's decisions as values, with a clock that stands still.
import Testing

@testable import Postgres

@Suite struct PoolStateTests {
    private let start = ContinuousClock.now
    private func at(_ seconds: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    private func state(
        size: Int = 2, waitingLimit: Int = 9, maximumAge: Duration = .seconds(100)
    ) -> PoolState {
        PoolState(
            .init(size: size, waitingLimit: waitingLimit, maximumAge: maximumAge), stuckAfter: .seconds(5))
    }

    /// Asks, and answers the waiter's id and the ids of the attempts that were to be started.
    private func ask(_ state: inout PoolState, now: Int = 0) -> (WaiterID, [ConnectionID], [PoolAction]) {
        let waiter = state.makeWaiter()
        let actions = state.ask(waiter, now: at(now))
        let attempts = actions.compactMap { if case .connect(let id) = $0 { id } else { nil } }
        return (waiter, attempts, actions)
    }

    @Test func attemptsAreAsManyAsWaitersUpToTheSize() {
        var state = state()
        #expect(ask(&state).1.count == 1)
        #expect(ask(&state).1.count == 1)
        #expect(ask(&state).1.isEmpty)
        #expect(state.statistics == .init(open: 0, idle: 0, waiting: 3, connecting: 2))
    }

    @Test func aConnectionGoesToWhoWaitsLongest() {
        var state = state(size: 1)
        let (first, attempts, _) = ask(&state)
        let (second, _, _) = ask(&state)
        #expect(state.connected(attempts[0], now: at(1)) == [.lend(attempts[0], to: first)])
        #expect(state.giveBack(attempts[0], isReusable: true, now: at(2)) == [.lend(attempts[0], to: second)])
        #expect(state.giveBack(attempts[0], isReusable: true, now: at(3)).isEmpty)
        #expect(state.statistics == .init(open: 1, idle: 1, waiting: 0, connecting: 0))
    }

    @Test func aBrokenConnectionIsReplacedWhenSomebodyWaits() {
        var state = state(size: 1)
        let (_, attempts, _) = ask(&state)
        _ = state.connected(attempts[0], now: at(1))
        _ = ask(&state, now: 1)
        let actions = state.giveBack(attempts[0], isReusable: false, now: at(2))
        #expect(actions.first == .close(attempts[0]) && actions.count == 2)
        #expect(state.statistics == .init(open: 0, idle: 0, waiting: 1, connecting: 1))
    }

    @Test func anOldConnectionIsClosedWhenAskedForAndWhenReturned() {
        var state = state(size: 1)
        let (_, attempts, _) = ask(&state)
        _ = state.connected(attempts[0], now: at(0))
        _ = state.giveBack(attempts[0], isReusable: true, now: at(99))
        let (_, next, actions) = ask(&state, now: 100)
        #expect(actions.first == .close(attempts[0]) && next.count == 1)
        _ = state.connected(next[0], now: at(100))
        #expect(state.giveBack(next[0], isReusable: true, now: at(200)) == [.close(next[0])])
    }

    @Test func connectionsOpenedTogetherDoNotEndTogether() {
        var state = state()
        let (_, one, _) = ask(&state)
        let (_, two, _) = ask(&state)
        _ = state.connected(one[0], now: at(0), jitter: 0)
        _ = state.connected(two[0], now: at(0), jitter: 0.5)
        #expect(state.giveBack(one[0], isReusable: true, now: at(95)).isEmpty)
        #expect(state.giveBack(two[0], isReusable: true, now: at(95)) == [.close(two[0])])
    }

    @Test func onlyIdleConnectionsAreRetiredAtOnce() {
        var state = state()
        let (_, one, _) = ask(&state)
        let (_, two, _) = ask(&state)
        _ = state.connected(one[0], now: at(0))
        _ = state.connected(two[0], now: at(0))
        _ = state.giveBack(one[0], isReusable: true, now: at(1))
        #expect(state.retire([one[0], two[0]]) == [.close(one[0])])
        #expect(state.giveBack(two[0], isReusable: false, now: at(2)) == [.close(two[0])])
        #expect(state.statistics == .init(open: 0, idle: 0, waiting: 0, connecting: 0))
    }

    @Test func aFailedAttemptFailsEveryWaiterWhenNothingElseIsInSight() {
        var state = state()
        let (first, one, _) = ask(&state)
        let (second, two, _) = ask(&state)
        #expect(state.connectFailed(one[0], .closed, now: at(1)).isEmpty)
        #expect(
            state.connectFailed(two[0], .closed, now: at(1)) == [
                .fail(first, .closed), .fail(second, .closed),
            ])
        #expect(state.statistics == .init(open: 0, idle: 0, waiting: 0, connecting: 0))
    }

    @Test func aStuckAttemptHoldsNoPlaceAndOnlyAFewMayHang() {
        var state = state(size: 1)
        var stuck: [ConnectionID] = []
        for round in 0..<4 {
            let (waiter, attempts, _) = ask(&state, now: round * 6)
            #expect(attempts.count == 1)
            stuck += attempts
            #expect(state.expire(now: at(round * 6 + 2)) == [.fail(waiter, .timedOut(.connecting))])
        }
        let (waiter, none, _) = ask(&state, now: 24)
        #expect(none.isEmpty)
        #expect(state.connected(stuck[0], now: at(25)) == [.lend(stuck[0], to: waiter)])
        #expect(state.connected(stuck[1], now: at(26)) == [.close(stuck[1])])
    }

    @Test func eachWaitsAsLongAsTheNextAndNoLonger() {
        var state = state(size: 1)
        let (first, attempts, _) = ask(&state)
        #expect(state.nextEnd == at(2))
        #expect(state.connected(attempts[0], now: at(0)) == [.lend(attempts[0], to: first)])
        #expect(state.nextEnd == nil, "nobody waits")
        let waiting = (1...3).map { ask(&state, now: $0).0 }
        #expect(state.nextEnd == at(3))
        #expect(state.expire(now: at(3) - .nanoseconds(1)).isEmpty)
        let failures = waiting[..<2].map { PoolAction.fail($0, .poolExhausted(.waitingTimeout)) }
        #expect(state.expire(now: at(4)) == failures)
        #expect(state.nextEnd == at(5))
        #expect(
            state.giveBack(attempts[0], isReusable: true, now: at(4)) == [
                .lend(attempts[0], to: waiting[2])
            ])
        #expect(state.nextEnd == nil)
    }

    @Test func lateAnswerIsDropped() {
        var state = state(size: 1)
        let (waiter, attempts, _) = ask(&state)
        #expect(state.giveUp(waiter, because: .closed) == [.fail(waiter, .closed)])
        #expect(state.giveUp(waiter, because: .closed).isEmpty)
        #expect(state.connected(attempts[0], now: at(1)).isEmpty)
        #expect(state.connected(attempts[0], now: at(1)).isEmpty)
        #expect(state.connectFailed(attempts[0], .closed, now: at(1)).isEmpty)
        #expect(state.giveBack(attempts[0], isReusable: true, now: at(1)).isEmpty)
        #expect(state.statistics == .init(open: 1, idle: 1, waiting: 0, connecting: 0))
    }

    @Test func onlyAnIdleConnectionEndsByItself() {
        var state = state(size: 1)
        let (_, attempts, _) = ask(&state)
        _ = state.connected(attempts[0], now: at(0))
        #expect(state.ended(attempts[0]).isEmpty)
        _ = state.giveBack(attempts[0], isReusable: true, now: at(1))
        #expect(state.ended(attempts[0]) == [.close(attempts[0])])
        #expect(ask(&state).1.count == 1)
    }

    @Test func afterClosingWhatArrivesIsClosed() {
        var state = state()
        let (first, one, _) = ask(&state)
        let (second, two, _) = ask(&state)
        _ = state.connected(one[0], now: at(0))
        #expect(state.close() == [.fail(second, .closed)])
        #expect(state.connected(two[0], now: at(1)) == [.close(two[0])])
        #expect(state.giveBack(one[0], isReusable: true, now: at(1)) == [.close(one[0])])
        let (late, _, actions) = ask(&state)
        #expect(actions == [.fail(late, .closed)])
        _ = first
    }
}
