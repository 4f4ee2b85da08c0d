// Behind a pooler that lends sessions by the transaction: what is left in a session is another caller's.
import Testing

@testable import Postgres

extension ServerTests {
    @Suite struct PoolerTests {
        private static let settings: PostgresQuery = """
            SELECT current_setting('statement_timeout') AS timeout, current_setting('jit') AS jit,
                current_setting('client_connection_check_interval') AS check,
                current_setting('idle_in_transaction_session_timeout') AS idle
            """

        private func connect() async throws -> PostgresConnection {
            try await PostgresConnection.connect(
                PostgresConfiguration(
                    connectionString: try TestServer.url, queryTimeout: .seconds(10), pooler: .transaction))
        }

        private func settings(_ connection: PostgresConnection) async throws -> [String] {
            let (timeout, jit, check, idle) = try await connection.query(Self.settings)[0].decode(
                String.self, String.self, String.self, String.self)
            return [timeout, jit, check, idle]
        }

        @Test func nothingIsSetForASession() async throws {
            let connection = try await connect()
            let standard = try await settings(connection)
            #expect(standard.first == "0")
            try await connection.transaction { connection in
                #expect(try await settings(connection) == ["9500ms", "off", "1s", "5s"])
                let longer = try await connection.query(
                    "SELECT current_setting('statement_timeout')", timeout: .seconds(60))
                #expect(try longer[0].decode(String.self) == "59500ms")
                #expect(try await settings(connection) == ["9500ms", "off", "1s", "5s"])
            }
            #expect(try await settings(connection) == standard)
            _ = try await connection.query("SELECT 1", timeout: .seconds(60))
            let rows = try await connection.rows("SELECT generate_series(1, 3)", batch: 2) { _ in }
            #expect(rows == 3)
            #expect(try await settings(connection) == standard)
            await connection.close()
        }

        @Test func aTransactionStillChoosesItsIsolation() async throws {
            let connection = try await connect()
            let level = try await connection.transaction { connection in
                try await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                return try await connection.query("SHOW transaction_isolation")[0].decode(String.self)
            }
            #expect(level == "repeatable read")
            await connection.close()
        }

        @Test func aStatementThatIsTooSlowInATransactionLeavesTheConnectionUsable() async throws {
            let connection = try await PostgresConnection.connect(
                PostgresConfiguration(
                    connectionString: try TestServer.url, queryTimeout: .milliseconds(500),
                    pooler: .transaction))
            let error = try await TestServer.error {
                try await connection.transaction { try await $0.execute("SELECT pg_sleep(20)") }
            }
            #expect(error.sqlState == .queryCanceled)
            #expect(try await connection.query("SELECT 1").count == 1)
            await connection.close()
        }
    }
}
