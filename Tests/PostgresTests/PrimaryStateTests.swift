// Which server is taken for the primary, decided without one.
import Testing

@testable import Postgres

@Suite struct PrimaryStateTests {
    private let start = ContinuousClock.now
    private func at(_ seconds: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }
    private func position(_ timeline: Int?, of system: String = "7") -> ServerPosition {
        ServerPosition(system: system, timeline: timeline)
    }
    private func timeline(_ number: Int, of system: String = "7") -> ServerTimeline {
        ServerTimeline(system: system, number: number)
    }
    private let unreachable = PrimaryState.Finding.failed(
        .connectionFailed(.init(reason: .unreachable, host: "a")))

    @Test func aLowerTimelineThanOneThatWasSeenIsRefused() {
        var state = PrimaryState(remembered: nil)
        #expect(state.meet(position(3)) == .primary(isNews: true))
        #expect(state.meet(position(3)) == .primary(isNews: false))
        #expect(state.meet(position(2)) == .outdated)
        #expect(state.meet(position(4)) == .risen)
        #expect(state.meet(position(3)) == .outdated)
        #expect(!state.allows(timeline(3)) && state.allows(timeline(4)))
    }

    @Test func whatAnEarlierProcessSawHoldsFromTheStart() {
        var state = PrimaryState(remembered: timeline(3))
        #expect(state.meet(position(2)) == .outdated)
        #expect(state.highest == timeline(3))
        #expect(state.meet(position(5)) == .primary(isNews: true), "nothing of this process can be lost")
        #expect(state.meet(position(6)) == .risen)
    }

    @Test func anotherClusterIsTakenByANewProcessOnly() {
        var state = PrimaryState(remembered: timeline(3))
        #expect(state.meet(position(1, of: "8")) == .primary(isNews: true))
        #expect(state.meet(position(9)) == .otherCluster)
        #expect(state.highest == timeline(1, of: "8"))
    }

    @Test func aStandbySaysNothingOfTimelines() {
        var state = PrimaryState(remembered: nil)
        #expect(state.meet(position(nil)) == .standby)
        #expect(state.highest == nil)
    }

    @Test func theHostThatIsThePrimaryIsPreferred() {
        var state = PrimaryState(remembered: nil)
        state.conclude([.met(.standby), .met(.primary(isNews: false))], begun: at(0))
        #expect(state.preferred == 1)
        state.conclude([.met(.standby), unreachable], begun: at(1))
        #expect(state.preferred == 1, "until another one is found")
        state.conclude([.met(.risen), unreachable], begun: at(2))
        #expect(state.preferred == 0)
    }

    @Test func callersAreToldAtOnceAfterTwoRoundsInVain() {
        var state = PrimaryState(remembered: nil)
        state.conclude([unreachable, .met(.standby)], begun: at(0))
        #expect(state.absence == nil)
        state.conclude([unreachable, .met(.standby)], begun: at(1))
        #expect(state.absence == .connectionFailed(.init(reason: .unreachable, host: "a")))
        state.conclude([.met(.standby), .met(.risen)], begun: at(2))
        #expect(state.absence == nil)
    }

    @Test func anOldPrimaryIsNoReasonToWait() {
        var state = PrimaryState(remembered: nil)
        for round in 0..<2 { state.conclude([.met(.outdated), .met(.standby)], begun: at(round)) }
        #expect("\(state.absence!)".contains("no server of the connection string is the primary"))
    }

    @Test func aServerThatAnswersStatementsIsNotAwayThoughALookAtItFails() {
        var state = PrimaryState(remembered: nil)
        for round in 0..<5 {
            state.conclude([unreachable], begun: at(round * 2))
            state.answered(at: at(round * 2 + 1))
            #expect(state.absence == nil)
        }
        state.conclude([unreachable], begun: at(10))
        state.conclude([unreachable], begun: at(11))
        #expect(state.absence != nil)
        state.answered(at: at(12))
        #expect(state.absence == nil)
    }

    @Test func aServerThatRefusesTheLookMayStillTakeOthers() {
        var state = PrimaryState(remembered: nil)
        let refused = PrimaryState.Finding.failed(.connectionFailed(.init(reason: .refused, host: "a")))
        for round in 0..<3 { state.conclude([refused, unreachable], begun: at(round)) }
        #expect(state.absence == nil)
    }
}
