// Two real clusters, a promotion, and the old primary still up and writable.
import Testing

@testable import Postgres

extension ServerTests {
    @Suite struct FailoverTests {
        private static let timeline: PostgresQuery = "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)"

        private func failure(of configuration: PostgresConfiguration) async throws
            -> PostgresConnectionFailure
        {
            let error = try await TestServer.error { try await PostgresConnection.connect(configuration) }
            guard case .connectionFailed(let failure) = error else { throw error }
            return failure
        }

        private func configuration(_ conninfo: String, _ watch: PrimaryWatch) -> PostgresConfiguration {
            PostgresConfiguration(connectionString: conninfo, watch: watch)
        }

        @Test func anOldPrimaryIsLeftThoughItIsUpAndWritable() async throws {
            let old = try await TestCluster()
            let new = try await TestCluster(standbyOf: old)
            let conninfo = TestCluster.conninfo(old, new) + " target_session_attrs=read-write"
            let watch = PrimaryWatch(
                PostgresConfiguration(connectionString: conninfo), stepBack: "delete the file")
            #expect(await watch.probe().map(\.verdict) == [.primary, .standby])
            let first = try #require(watch.timeline)
            let pool = PostgresPool(configuration(conninfo, watch), pool: .init(size: 2))
            try await pool.execute("CREATE TABLE written (number int)")

            try await pool.withConnection { lent in
                _ = try await pool.query(Self.timeline)  // a second connection, which lies idle afterwards
                #expect(pool.statistics.open == 2)
                try await lent.execute("BEGIN")
                try await lent.execute("INSERT INTO written VALUES (1)")
                try await new.promote()
                let promoted = ContinuousClock.now
                #expect(await watch.probe().map(\.verdict) == [.outdated, .primary])
                #expect(watch.timeline == ServerTimeline(system: first.system, number: first.number + 1))
                #expect(try await TestServer.error { try await lent.execute("COMMIT") } == .closed)
                #expect(try await pool.query(Self.timeline)[0].decode(String.self) == "00000002")
                #expect(ContinuousClock.now - promoted < .seconds(5))
            }
            #expect(try await pool.query(Self.timeline)[0].decode(String.self) == "00000002")
            var rises = watch.rises.makeAsyncIterator()
            #expect(await rises.next()?.number == 2)

            let refused = try await failure(of: configuration(TestCluster.conninfo(old), watch))
            #expect(refused.reason == .outdated)
            #expect(
                refused.message?.contains("is on timeline 1, and timeline 2 of the same cluster") == true)
            #expect(refused.message?.contains("delete the file") == true)
            await pool.close()
            await watch.close()
        }

        @Test func aRestartDoesNotFallBack() async throws {
            let server = try await TestCluster()
            let conninfo = TestCluster.conninfo(server)
            let plain = PostgresConfiguration(connectionString: conninfo)
            let before = PrimaryWatch(plain)
            await before.probe()
            let met = try #require(before.timeline)
            let remembered = ServerTimeline(system: met.system, number: met.number + 1)
            let watch = PrimaryWatch(plain, remembered: remembered)
            #expect(await watch.probe().map(\.verdict) == [.outdated])
            #expect(try await failure(of: configuration(conninfo, watch)).reason == .outdated)
            let moved = PrimaryWatch(plain, remembered: ServerTimeline(system: "1", number: 9))
            #expect(await moved.probe().map(\.verdict) == [.primary])
            #expect(moved.timeline == met)
            for watch in [before, watch, moved] { await watch.close() }
        }

        @Test func anotherClusterIsRefusedInMidService() async throws {
            let (ours, theirs) = (try await TestCluster(), try await TestCluster())
            let watch = PrimaryWatch(PostgresConfiguration(connectionString: TestCluster.conninfo(ours)))
            await watch.probe()
            let refused = try await failure(of: configuration(TestCluster.conninfo(theirs), watch))
            #expect(refused.reason == .otherCluster)
            let chosen = try await PostgresConnection.connect(
                configuration(TestCluster.conninfo(theirs, ours), watch))
            #expect(try await chosen.query("SELECT 1").count == 1)
            await chosen.close()
            await watch.close()
        }

        @Test func aStandbyAloneIsRefused() async throws {
            let primary = try await TestCluster()
            let standby = try await TestCluster(standbyOf: primary)
            let conninfo = TestCluster.conninfo(standby)
            let watch = PrimaryWatch(PostgresConfiguration(connectionString: conninfo))
            #expect(try await failure(of: configuration(conninfo, watch)).reason == .unsuitable)
            await watch.close()
        }

        /// A frozen old primary holds a statement, not its caller, once the new one is known.
        @Test func aStatementOnAFrozenOldPrimaryEndsWhenTheNewOneIsSeen() async throws {
            let old = try await TestCluster()
            let new = try await TestCluster(standbyOf: old)
            let conninfo = TestCluster.conninfo(old, new)
            let watch = PrimaryWatch(PostgresConfiguration(connectionString: conninfo))
            await watch.probe()
            let pool = PostgresPool(
                PostgresConfiguration(connectionString: conninfo, queryTimeout: .seconds(60), watch: watch))
            _ = try await pool.query("SELECT 1")
            old.freeze()
            async let stuck = TestServer.error { try await pool.query("SELECT 1") }
            try await new.promote()
            try await TestServer.until("the new primary is found") {
                await watch.probe().last?.verdict == .primary
            }
            #expect(try await stuck == .closed)
            #expect(try await pool.query(Self.timeline)[0].decode(String.self) == "00000002")
            await pool.close()
            await watch.close()
        }

        @Test func aFrozenServerIsToldAtOnceAndFoundAgain() async throws {
            let server = try await TestCluster()
            let conninfo = TestCluster.conninfo(server)
            let watch = PrimaryWatch(PostgresConfiguration(connectionString: conninfo))
            let pool = PostgresPool(configuration(conninfo, watch))
            await watch.probe()
            _ = try await pool.query("SELECT 1")
            server.freeze()
            try await TestServer.until("it counts as away") {
                await watch.probe()
                return watch.absence != nil
            }
            let begin = ContinuousClock.now
            for _ in 0..<100 { _ = try await TestServer.error { try await pool.query("SELECT 1") } }
            #expect(ContinuousClock.now - begin < .seconds(1))
            #expect(pool.statistics.connecting == 0, "nobody tries in vain")
            server.thaw()
            try await TestServer.until("it is back") { await watch.probe().first?.verdict == .primary }
            #expect(try await pool.query("SELECT 1").count == 1)
            await pool.close()
            await watch.close()
        }
    }
}
