// Statements on one connection: answers, refusals, deadlines, transactions.
import Testing

@testable import Postgres

extension ServerTests {
    @Suite struct StatementTests {
        @Test func interpolationBindsAndNeverSplices() async throws {
            let evil = "'; DROP TABLE x; --"
            let query: PostgresQuery = "SELECT \(evil), \(1) \(unescaped: "AS one")"
            #expect(query.sql == "SELECT $1, $2 AS one")
            let connection = try await TestServer.connect()
            #expect(try await connection.query(query)[0].decode(String.self, Int.self) == (evil, 1))
        }

        @Test func executeAnswersTheRowsAffected() async throws {
            let connection = try await TestServer.connect()
            #expect(try await connection.execute("CREATE TEMP TABLE t (a int8 UNIQUE)") == 0)
            #expect(try await connection.execute("INSERT INTO t SELECT generate_series(1, 7)") == 7)
            #expect(try await connection.execute("UPDATE t SET a = a + 100 WHERE a > \(4)") == 3)
            #expect(try await connection.query("SELECT a FROM t WHERE a = \(-1)").isEmpty)
            #expect(try await connection.execute("DELETE FROM t WHERE a < \(3) RETURNING a") == 2)
        }

        @Test func refusalsCarryStateConstraintAndTable() async throws {
            let connection = try await TestServer.connect()
            try await connection.execute(
                "CREATE TEMP TABLE t (a int8 CONSTRAINT one UNIQUE, b int8 CONSTRAINT small CHECK (b < 9))")
            try await connection.execute("INSERT INTO t VALUES (1, 1)")
            let unique = try await TestServer.error {
                try await connection.execute("INSERT INTO t VALUES (1, 1)")
            }
            #expect(unique.sqlState == .uniqueViolation && unique.constraint == "one")
            #expect(!unique.isRetryable && !unique.isConnectionLost)
            let check = try await TestServer.error {
                try await connection.execute("INSERT INTO t VALUES (2, 9)")
            }
            guard case .server(let refusal) = check else { throw check }
            #expect(
                refusal.sqlState == .checkViolation && refusal.table == "t" && refusal.severity == "ERROR")
            let missing = try await TestServer.error { try await connection.query("SELECT * FROM nowhere") }
            #expect(missing.sqlState == .undefinedTable)
            #expect(try await connection.query("SELECT 1")[0].decode(Int.self) == 1)
        }

        @Test func errorTextNeverHoldsABoundValue() async throws {
            let canary = "canary-7f3a9"
            let connection = try await TestServer.connect()
            try await connection.execute("CREATE TEMP TABLE t (a text UNIQUE, CHECK (a <> 'canary-checked'))")
            try await connection.execute("INSERT INTO t VALUES (\(canary))")
            let statements: [PostgresQuery] = [
                "INSERT INTO t VALUES (\(canary))", "SELECT (\(canary))::int8", "SELECT \(canary + "\0")",
                "INSERT INTO t VALUES (\("canary-checked"))", "SELECT \([canary + "\0"])",
            ]
            for statement in statements {
                let error = try await TestServer.error { try await connection.query(statement) }
                var dumped = ""
                dump(error, to: &dumped)
                #expect(!"\(error) \(String(reflecting: error)) \(dumped)".contains("canary"))
            }
        }

        @Test func textWithNULIsRefusedAndNothingIsSent() async throws {
            let connection = try await TestServer.connect()
            let text = try await TestServer.error { try await connection.query("SELECT \("a\0b")") }
            #expect(text == .invalidParameter("parameter $1 is text with a NUL byte"))
            let sql = try await TestServer.error { try await connection.query("SELECT 1\0") }
            #expect(sql == .invalidParameter("the SQL holds a NUL byte"))
            #expect(connection.mailbox.isReusable)
        }

        @Test func aSlowStatementIsEndedByTheServerAndKeepsTheConnection() async throws {
            let connection = try await TestServer.connect(queryTimeout: .milliseconds(600))
            let error = try await TestServer.error { try await connection.query("SELECT pg_sleep(20)") }
            #expect(error.sqlState == .queryCanceled)
            #expect(try await connection.query("SELECT 1")[0].decode(Int.self) == 1)
        }

        @Test func lateAnswerIsDropped() async throws {
            let connection = try await TestServer.connect()
            let error = try await TestServer.error {
                try await connection.query("SELECT pg_sleep(20)", timeout: .milliseconds(50))
            }
            #expect(error == .timedOut(.statement))
            // It would be read by whoever came next.
            #expect(!connection.mailbox.isOpen)
            #expect(try await TestServer.error { try await connection.query("SELECT 1") } == error)
        }

        @Test func aLongerTimeoutHoldsForItsStatementOnly() async throws {
            let connection = try await TestServer.connect(queryTimeout: .milliseconds(300))
            let row = try await connection.query(
                "SELECT pg_sleep(0.4)::text, current_setting('statement_timeout')", timeout: .seconds(20))[0]
            #expect(try row.decode(String.self, String.self).1 == "19500ms")
            let after = try await connection.query("SELECT current_setting('statement_timeout')")[0]
            #expect(try after.decode(String.self) == "270ms")
        }

        @Test func aCancelledCallerDisturbsNobodyElsesReply() async throws {
            let connection = try await TestServer.connect()
            let observer = try await TestServer.connect()
            let processID = try await connection.processID
            let first = Task { try await connection.query("SELECT 'first', pg_sleep(0.3)::text") }
            try await TestServer.until("the first runs") {
                try await observer.execute(
                    "SELECT FROM pg_stat_activity WHERE pid = \(processID) AND wait_event = 'PgSleep'") == 1
            }
            first.cancel()
            let second = try await connection.query("SELECT 'second'")[0].decode(String.self)
            #expect(second == "second")
            #expect(try await first.value[0].decode(String.self, String.self).0 == "first")
        }

        @Test func aScriptRunsSeveralStatementsAndSaysWhatIsWrong() async throws {
            let connection = try await TestServer.connect(queryTimeout: .milliseconds(300))
            try await connection.script(
                "CREATE TEMP TABLE a (x int); SELECT pg_sleep(0.4); INSERT INTO a VALUES (1)",
                timeout: .seconds(20))
            #expect(try await connection.execute("SELECT * FROM a") == 1)
            let error = try await TestServer.error {
                try await connection.script("INSERT INTO a VALUES (2); SELEC", timeout: .seconds(20))
            }
            #expect("\(error)".contains("syntax error at or near \"SELEC\""))
            #expect(try await connection.execute("SELECT * FROM a") == 1)
            #expect(connection.mailbox.isReusable)
        }

        @Test func anAnswerBeyondTheLimitIsRefused() async throws {
            let connection = try await TestServer.connect()
            let error = try await TestServer.error {
                try await connection.query("SELECT repeat('x', 1000000) FROM generate_series(1, 100)")
            }
            #expect(error == .resultTooLarge(limitBytes: 64 << 20))
            #expect(!connection.mailbox.isReusable)
        }

        @Test func largeParametersAreSentWhole() async throws {
            let connection = try await TestServer.connect()
            let bytes = [UInt8](repeating: 42, count: 20 << 20)
            #expect(
                try await connection.query("SELECT length(\(bytes))::int8")[0].decode(Int.self) == bytes.count
            )
            let many = Array(1...50_000)
            #expect(
                try await connection.query("SELECT sum(x)::int8 FROM unnest(\(many)) x")[0].decode(Int.self)
                    == many.reduce(0, +))
        }
    }
}
