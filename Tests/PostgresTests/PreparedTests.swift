// Statements that a connection keeps prepared: once each, and never a failure that plain ones would not have.
import Testing

@testable import Postgres

extension ServerTests {
    @Suite struct PreparedTests {
        private let sum: PostgresQuery = .prepared("SELECT \(20) + \(1) AS sum")

        private func prepared(on connection: PostgresConnection) async throws -> [String] {
            try await connection.query("SELECT statement FROM pg_prepared_statements ORDER BY name")
                .map { try $0.decode(String.self) }
        }

        @Test func aStatementIsPreparedOnceWhateverItsParameters() async throws {
            let connection = try await TestServer.connect()
            for number in 0..<5 {
                let row = try await connection.query(.prepared("SELECT \(number) + \(1)"))[0]
                #expect(try row.decode(Int.self) == number + 1)
            }
            let none: PostgresQuery = .prepared("SELECT \(nil as Int?) + \(1)")
            let sum = try await connection.query(none)[0].decode("?column?", as: Int?.self)
            #expect(sum == nil)
            #expect(try await prepared(on: connection) == ["SELECT $1 + $2"])
            #expect(try await connection.execute(.prepared("SELECT 1 WHERE \(false)")) == 0)
            #expect(try await prepared(on: connection).count == 2)
        }

        @Test func aStatementThatTheServerHasLostIsPreparedAnew() async throws {
            let connection = try await TestServer.connect()
            _ = try await connection.query(sum)
            try await connection.execute("DEALLOCATE ALL")
            #expect(try await connection.query(sum)[0].decode("sum", as: Int.self) == 21)
            #expect(try await connection.query(sum)[0].decode("sum", as: Int.self) == 21)
        }

        @Test func aColumnMayChangeItsType() async throws {
            let connection = try await TestServer.connect()
            try await connection.execute("CREATE TEMP TABLE t (a int4)")
            try await connection.execute("INSERT INTO t VALUES (7)")
            #expect(try await connection.query(.prepared("SELECT a FROM t"))[0].decode(Int.self) == 7)
            try await connection.execute("ALTER TABLE t ALTER a TYPE text")
            for _ in 0..<2 {
                #expect(
                    try await connection.query(.prepared("SELECT a FROM t"))[0].decode(String.self) == "7")
            }
        }

        @Test func withinATransactionTheNextOneIsPreparedAnew() async throws {
            let connection = try await TestServer.connect()
            _ = try await connection.query(sum)
            try await connection.execute("DEALLOCATE ALL")
            let (query, failed) = (sum, SQLState.invalidStatementName)
            let error = try await TestServer.error {
                try await connection.transaction { try await $0.query(query) }
            }
            #expect(error.sqlState == failed)
            let rows = try await connection.transaction { try await $0.query(query) }
            #expect(try rows[0].decode("sum", as: Int.self) == 21)
        }

        @Test func oneThatCannotBePreparedIsRefusedAndLeavesTheConnectionAsItWas() async throws {
            let connection = try await TestServer.connect()
            for _ in 0..<2 {
                let error = try await TestServer.error {
                    try await connection.query(.prepared("SELECT * FROM nowhere WHERE a = \(1)"))
                }
                #expect(error.sqlState == .undefinedTable)
            }
            #expect(try await connection.query(sum)[0].decode("sum", as: Int.self) == 21)
            #expect(try await prepared(on: connection).count == 1)
        }

        @Test func beyondTheLimitStatementsGoWithTheirText() async throws {
            let connection = try await TestServer.connect()
            for number in 0..<PreparedStatements.most + 5 {
                let row = try await connection.query(.prepared("SELECT \(1) + \(unescaped: "\(number)")"))[0]
                #expect(try row.decode(Int.self) == number + 1)
            }
            #expect(try await prepared(on: connection).count == PreparedStatements.most)
        }

        @Test func aPlanMadeForAnEmptyTableDoesNotOutliveItsFilling() async throws {
            let connection = try await TestServer.connect()
            try await connection.script(
                """
                CREATE TEMP TABLE t (a int PRIMARY KEY) WITH (autovacuum_enabled = off);
                ANALYZE t
                """, timeout: .seconds(5))
            let find: PostgresQuery = .prepared("SELECT a FROM t WHERE a = \(Int32(7))")
            func plan() async throws -> String {
                try await connection.query("EXPLAIN EXECUTE bursar_1(7)")[0].decode(String.self)
            }
            for _ in 0..<10 { try await connection.execute(find) }
            try await connection.execute("INSERT INTO t SELECT generate_series(1, 100000)")
            #expect(try await plan().hasPrefix("Seq Scan"))
            for _ in 0..<10 { try await connection.execute(find) }
            #expect(try await plan().hasPrefix("Index"))
        }

        @Test func nothingIsPreparedInSessionsOfAPooler() async throws {
            let connection = try await PostgresConnection.connect(
                PostgresConfiguration(connectionString: try TestServer.url, pooler: .transaction))
            for _ in 0..<2 { #expect(try await connection.query(sum)[0].decode("sum", as: Int.self) == 21) }
            #expect(try await prepared(on: connection).isEmpty)
        }
    }
}
