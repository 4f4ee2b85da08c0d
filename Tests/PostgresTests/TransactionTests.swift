// COMMIT, ROLLBACK, and what a transaction leaves behind.
import Testing

@testable import Postgres

extension ServerTests {
    @Suite struct TransactionTests {
        struct Refused: Error {}

        private func withTable(_ body: (PostgresPool) async throws -> Void) async throws {
            try await TestServer.withSchema { configuration in
                let pool = PostgresPool(configuration, pool: .init(size: 2))
                try await pool.execute("CREATE TABLE t (a int8 UNIQUE)")
                try await body(pool)
                await pool.close()
            }
        }

        @Test func aTransactionThatReturnsIsCommitted() async throws {
            try await withTable { pool in
                let answer = try await pool.transaction { connection in
                    try await connection.execute("INSERT INTO t VALUES (1)")
                    return "done"
                }
                #expect(answer == "done")
                #expect(try await pool.execute("SELECT * FROM t") == 1)
            }
        }

        @Test func aTransactionThatThrowsIsRolledBackAndItsConnectionStays() async throws {
            try await withTable { pool in
                await #expect(throws: Refused.self) {
                    try await pool.transaction { connection in
                        try await connection.execute("INSERT INTO t VALUES (1)")
                        throw Refused()
                    }
                }
                let left = try await pool.execute("SELECT * FROM t")
                #expect(left == 0)
                #expect(pool.statistics.open == 1)
            }
        }

        @Test func aRefusedStatementRollsBackWhatCameBeforeIt() async throws {
            try await withTable { pool in
                let error = try await TestServer.error {
                    try await pool.transaction { connection in
                        try await connection.execute("INSERT INTO t VALUES (1)")
                        try await connection.execute("INSERT INTO t VALUES (1)")
                    }
                }
                #expect(error.sqlState == .uniqueViolation)
                let left = try await pool.execute("SELECT * FROM t")
                #expect(left == 0)
                #expect(pool.statistics.open == 1)
            }
        }

        @Test func aCommitThatCommitsNothingIsAnError() async throws {
            try await withTable { pool in
                let error = try await TestServer.error {
                    try await pool.transaction { connection in
                        _ = try? await connection.execute("SELECT 1 / 0")
                    }
                }
                #expect(error.sqlState == .inFailedTransaction)
            }
        }

        @Test func aCommitWhoseConnectionIsLostIsInDoubt() async throws {
            try await withTable { pool in
                // The server ends the session while it commits.
                try await pool.withConnection { connection in
                    try await connection.script(
                        """
                        CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN
                            PERFORM pg_terminate_backend(pg_backend_pid());
                            PERFORM pg_sleep(5);
                            RETURN NULL;
                        END $$;
                        CREATE CONSTRAINT TRIGGER leave AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                            FOR EACH ROW EXECUTE FUNCTION leave();
                        """, timeout: .seconds(5))
                }
                let error = try await TestServer.error {
                    try await pool.transaction { try await $0.execute("INSERT INTO t VALUES (1)") }
                }
                #expect(error == .commitUnanswered)
                let early = try await TestServer.error {
                    try await pool.transaction { connection in
                        try await connection.execute(
                            "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(5)")
                    }
                }
                #expect(early != .commitUnanswered && early.isConnectionLost)
            }
        }

        @Test func aConnectionLeftInATransactionIsNotLentAgain() async throws {
            try await withTable { pool in
                let first = try await pool.withConnection { connection in
                    let processID = try await connection.processID
                    try await connection.execute("BEGIN")
                    return processID
                }
                let second = try await pool.withConnection { try await $0.processID }
                #expect(first != second)
            }
        }

        @Test func aTransactionThatNobodyGoesOnWithIsEndedAndItsLocksAreFreed() async throws {
            try await TestServer.withSchema { configuration in
                let holder = try await PostgresConnection.connect(configuration)
                let other = try await PostgresConnection.connect(configuration)
                let standard = try await holder.query(
                    "SELECT current_setting('idle_in_transaction_session_timeout')")[0]
                #expect(try standard.decode(String.self) == "5s")
                try await holder.execute("SET idle_in_transaction_session_timeout = '200ms'")
                try await holder.execute("CREATE TABLE t (a int8 UNIQUE)")
                try await holder.execute("BEGIN")
                try await holder.execute("INSERT INTO t VALUES (1)")
                // Waits for the other's end, and would be refused if that were a COMMIT.
                #expect(try await other.execute("INSERT INTO t VALUES (1)") == 1)
                let error = try await TestServer.error { try await holder.execute("COMMIT") }
                #expect(error.sqlState == .idleInTransactionTimeout)
                let later = try await TestServer.error { try await holder.query("SELECT 1") }
                #expect(later.sqlState == .idleInTransactionTimeout)
                await holder.close()
                await other.close()
            }
        }

        @Test func whoComesAfterAStreamThatLostItsTransactionIsToldWhy() async throws {
            try await TestServer.withSchema { configuration in
                let holder = try await PostgresConnection.connect(configuration)
                let other = try await PostgresConnection.connect(configuration)
                try await holder.execute("CREATE TABLE t (a int8 UNIQUE)")
                let error = try await TestServer.error {
                    try await holder.transaction { connection in
                        try await connection.execute(
                            "SET LOCAL idle_in_transaction_session_timeout = '200ms'")
                        try await connection.execute("INSERT INTO t VALUES (1)")
                        // The server has sent all of them before the first is looked at.
                        let count = try await connection.rows("SELECT generate_series(1, 10)", batch: 10) {
                            _ in
                            _ = try await other.execute("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING")
                        }
                        #expect(count == 10)
                        try await connection.execute("SELECT 1")
                    }
                }
                #expect(error.sqlState == .idleInTransactionTimeout)
                await holder.close()
                await other.close()
            }
        }

        @Test func aRaisedTimeoutInAFailedTransactionIsUndoneByItsEnd() async throws {
            let connection = try await TestServer.connect(queryTimeout: .seconds(2))
            await #expect(throws: PostgresError.self) {
                try await connection.transaction { connection in
                    try await connection.query("SELECT 1 / 0", timeout: .seconds(20))
                }
            }
            let row = try await connection.query("SELECT current_setting('statement_timeout')")[0]
            #expect(try row.decode(String.self) == "1800ms")
            #expect(connection.mailbox.isReusable)
        }

        @Test func aReadOnlyRefusalRetiresTheConnection() async throws {
            try await withTable { pool in
                let error = try await TestServer.error {
                    try await pool.withConnection { connection in
                        try await connection.execute("BEGIN READ ONLY")
                        defer { #expect(!connection.mailbox.isReusable) }
                        do {
                            try await connection.execute("INSERT INTO t VALUES (1)")
                        } catch {
                            try await connection.execute("ROLLBACK")
                            throw error
                        }
                    }
                }
                #expect(error.sqlState == .readOnlyTransaction && error.isConnectionLost)
                try await TestServer.until("the connection is gone") { pool.statistics.open == 0 }
            }
        }
    }
}
