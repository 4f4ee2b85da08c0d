// PostgreSQL's replica store passes the same suite as the one in memory.
import BursarCore
import BursarTestSupport
import Postgres
import StoreTrials
import Testing

@testable import BursarLedger

@Suite struct LedgerReplicaStoreTests {
    @Test(arguments: ReplicaStoreBehaviour.allCases)
    func behavesAsEveryReplicaStoreDoes(_ behaviour: ReplicaStoreBehaviour) async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                try await behaviour.check(in: World(store: ledger))
            }
        }
    }

    @Test func theListSaysWhoIsBehindAndForHowLong() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                let world = World(store: ledger)
                let version = try await world.changeConfiguration()
                let applied: [ConfigVersion?] = [version, ConfigVersion(0), nil]
                for (number, applied) in zip(UInt64(1)..., applied) {
                    _ = try await ledger.beat(Self.report(number, applied: applied))
                }
                try await world.pass(.seconds(20))
                _ = try await ledger.beat(Self.report(2, applied: ConfigVersion(0), beat: 2))
                let records = try await ledger.replicas()
                #expect(records.map(\.label.name) == ["host-1", "host-2", "host-3"])
                #expect(records.map(\.isLive) == [false, true, false])
                #expect(records.map(\.applied) == [version, ConfigVersion(0), nil])
                #expect(records[0].behind == nil)
                #expect(try #require(records[1].behind) >= .seconds(20))
                #expect(try #require(records[2].behind) >= .seconds(20))
                #expect(records[0].silence >= .seconds(20) && records[0].keyIDs == ["k1", "k2"])
                #expect(records[0].label.program == "test" && records[0].share == .whole)
                #expect(try await ledger.configurationVersion() == version)
            }
        }
    }

    private static func report(_ replica: UInt64, applied: ConfigVersion?, beat: Int64 = 1) -> ReplicaReport {
        ReplicaReport(
            id: ReplicaID(UUIDValue(high: 1, low: replica)), place: UUIDValue(high: 2, low: replica),
            label: ReplicaLabel(name: "host-\(replica)", program: "test"), keyIDs: ["k1", "k2"], beat: beat,
            applied: applied, share: .none)
    }

    /// Time passes by making the rows older.
    private struct World: ReplicaStoreWorld {
        let store: Ledger

        func pass(_ duration: Duration) async throws {
            try await store.pool.execute(
                """
                UPDATE bursar.replica SET heartbeat_at = heartbeat_at - \(interval(duration)),
                    kept_until = kept_until - \(interval(duration)),
                    started_at = started_at - \(interval(duration))
                """)
            try await store.pool.execute(
                "UPDATE bursar.config_change SET at = at - \(interval(duration))")
        }

        func changeConfiguration() async throws -> ConfigVersion {
            // Each one another tenant.
            let number = UInt64(try await store.tenants().count + 1)
            try await store.addTenant(
                AdministrationTests.tenant(number),
                sealing: AdministrationTests.sealing(try AdministrationTests.vault()),
                by: AdministrationTests.actor)
            return try await store.configurationVersion()
        }
    }
}
