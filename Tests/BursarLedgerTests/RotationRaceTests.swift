// A rotation and another change of the same credential at the same time.
import BursarCore
import BursarTestSupport
import BursarVault
import Postgres
import Testing

@testable import BursarLedger

@Suite struct RotationRaceTests {
    private static let actor = AdministrationTests.actor

    /// The change that joins has done its work and waits to take a version, so it is not committed when the
    /// connections go over.
    @Test func aConnectionThatJoinsAmidstARotationGoesOverWithTheOthers() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger { ledger in
                let sealing = AdministrationTests.sealing(try AdministrationTests.vault())
                let tenants = (1...3).map { AdministrationTests.tenant($0) }
                for tenant in tenants { try await ledger.addTenant(tenant, sealing: sealing, by: Self.actor) }
                let both = Array(tenants.prefix(2))
                let input = AdministrationTests.input(both, clientID: "first")
                let first = try await ledger.setCredential(input, sealing: sealing, by: Self.actor).credential
                let pending = AdministrationTests.input(both, clientID: "second", pending: true)
                let next = try await ledger.setCredential(pending, sealing: sealing, by: Self.actor)
                    .credential
                let name = ConnectionName(
                    tenant: tenants[2].id, provider: input.provider, environment: input.environment)
                let join = ConnectionInput(credential: first, origins: nil, keepWarm: nil)
                try await database.withConnection { holder in
                    try await holder.execute("BEGIN")
                    try await holder.execute("SELECT FROM bursar.config_version FOR UPDATE")
                    async let joined: Void = ledger.setConnection(name, join, by: Self.actor)
                    try await Self.until(1, waitIn: database)
                    async let activated = ledger.activateCredential(next, by: Self.actor)
                    try await Self.until(2, waitIn: database)
                    try await holder.execute("COMMIT")
                    try await joined
                    #expect(try await activated.former == first)
                }
                #expect(try await ledger.credential(first).tenants.isEmpty)
                #expect(try await ledger.credential(next).tenants == tenants.map(\.id))
            }
        }
    }

    /// Returns when so many sessions of the database wait for a lock.
    private static func until(_ count: Int, waitIn database: TemporaryDatabase) async throws {
        try await database.withConnection { connection in
            let end = ContinuousClock.now.advanced(by: .seconds(2))
            while try await connection.execute(
                """
                SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                """) < count
            {
                try #require(ContinuousClock.now < end, "\(count) changes should wait")
                await Task.yield()
            }
        }
    }
}
