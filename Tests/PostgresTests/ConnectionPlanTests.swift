// Which hosts are tried in which order, without trying any.
import Testing

@testable import Postgres

@Suite struct ConnectionPlanTests {
    private func plan(_ given: [String: String], _ defaults: [String: String] = [:]) -> ConnectionPlan {
        ConnectionPlan(ConnectionOptions(given: given, defaults: defaults))
    }

    @Test func hostsAndPortsPairUp() {
        let plan = plan(["host": "a,b", "port": "1,2"])
        #expect(plan.candidates == [.init(host: "a", port: "1"), .init(host: "b", port: "2")])
        #expect(plan.passes == [nil])
    }

    @Test func onePortServesAllHosts() {
        #expect(plan(["host": "a,b"], ["port": "5432"]).candidates.map(\.port) == ["5432", "5432"])
    }

    @Test func addressesAreKept() {
        let plan = plan(["host": "a,b", "hostaddr": "10.0.0.1,10.0.0.2"])
        #expect(plan.candidates.map(\.address) == ["10.0.0.1", "10.0.0.2"])
        #expect(!plan.candidates.contains { $0.needsResolution })
    }

    @Test func onlyNamesNeedResolution() {
        let hosts = ["db.example", "10.0.0.1", "::1", "/run/postgresql", "@abstract"]
        #expect(hosts.filter { ConnectionPlan.Candidate(host: $0).needsResolution } == ["db.example"])
    }

    @Test func theEnvironmentNamesTheHostWhenTheStringDoesNot() {
        #expect(plan(["user": "x"], ["host": "env-host"]).candidates == [.init(host: "env-host")])
        #expect(plan(["host": "mine"], ["hostaddr": "10.0.0.9"]).candidates[0].address == "10.0.0.9")
    }

    @Test func whatOnlyLibPQCanTellIsLeftToIt() {
        let untouched = [ConnectionPlan.Candidate()]
        #expect(plan([:]).candidates == untouched)
        #expect(plan(["service": "s"], ["host": "env-host"]).candidates == untouched)
        #expect(plan(["host": "a,b", "port": "1,2,3"]).candidates == untouched)
        #expect(plan(["host": "a,,b"]).candidates == untouched)
    }

    @Test func aPreferenceForStandbysIsTwoTimesThroughTheHosts() {
        #expect(
            plan(["host": "a,b", "target_session_attrs": "prefer-standby"]).passes == ["standby", "any"])
    }

    @Test func theHostThatWasThePrimaryLastIsTriedFirst() {
        let plan = plan(["host": "a,b,c", "target_session_attrs": "read-write"])
        #expect(plan.beginning(with: 2).candidates.map(\.host) == ["c", "a", "b"])
        #expect(plan.beginning(with: nil) == plan && plan.beginning(with: 3) == plan)
    }

    @Test func aLookAtOneHostTakesItAsItIs() {
        let plan = plan(["host": "a,b", "target_session_attrs": "prefer-standby"]).only(1)
        #expect(plan.candidates.map(\.host) == ["b"] && plan.passes == ["any"])
    }

    @Test func libpqTakesStringsApart() throws {
        let uri = try #require(ConnectionOptions(parsing: "postgresql://u:p%20w@a:1,b:2/d?sslmode=require"))
        #expect(uri.given["host"] == "a,b" && uri.given["port"] == "1,2" && uri.given["sslmode"] == "require")
        #expect(uri.secrets == ["p w"])
        #expect(ConnectionOptions(parsing: "host=a nonsense") == nil)
        #expect(try #require(ConnectionOptions(parsing: "")).given.isEmpty)
    }
}
