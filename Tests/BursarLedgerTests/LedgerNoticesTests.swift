// Changes are heard when they are committed, and the end of the connection is noticed.
import BursarCore
import BursarTestSupport
import Postgres
import Testing

@testable import BursarLedger

@Suite(.timeLimit(.minutes(1))) struct LedgerNoticesTests {
    @Test func aChangeIsHeardAndALostConnectionEndsTheListening() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                let (heard, hearing) = AsyncStream.makeStream(of: ConfigVersion?.self)
                let notices = LedgerNotices(
                    ledger: ledger,
                    configuration: PostgresConfiguration(
                        connectionString: database.url, applicationName: "listener"))
                let listening = Task {
                    do throws(StoreFailure) {
                        try await notices.listen { hearing.yield($0) }
                        return nil as StoreFailure?
                    } catch {
                        return error
                    }
                }
                var words = heard.makeAsyncIterator()
                #expect(await words.next() == .some(nil), "what was said before went unheard")
                try await ledger.addTenant(
                    AdministrationTests.tenant(),
                    sealing: AdministrationTests.sealing(try AdministrationTests.vault()),
                    by: AdministrationTests.actor)
                let version = try await ledger.configurationVersion()
                #expect(await words.next() == .some(version))
                try await database.withConnection { connection async throws in
                    _ = try await connection.query(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND application_name = 'listener'
                        """)
                }
                #expect(await listening.value == .unavailable)
            }
        }
    }
}
