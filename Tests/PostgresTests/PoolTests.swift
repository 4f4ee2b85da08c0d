// The pool against a real server: waiting, losing connections, getting them back.
import Glibc
import Testing

@testable import Postgres

extension ServerTests {
    @Suite struct PoolTests {
        private func withPool(
            queryTimeout: Duration = .seconds(10), _ configuration: PostgresPoolConfiguration = .init(),
            _ body: (PostgresPool) async throws -> Void
        ) async throws {
            let pool = PostgresPool(
                try TestServer.configuration(queryTimeout: queryTimeout), pool: configuration)
            try await body(pool)
            await pool.close()
            #expect(pool.statistics.idle == 0)
        }

        @Test func aFewConnectionsServeManyCallers() async throws {
            try await withPool(.init(size: 3)) { pool in
                let sum = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 1...200 {
                        group.addTask { try await pool.query("SELECT \(number)")[0].decode(Int.self) }
                    }
                    return try await group.reduce(0, +)
                }
                #expect(sum == 20_100)
                #expect(pool.statistics.open <= 3 && pool.statistics.waiting == 0)
            }
        }

        @Test func whoWaitsTooLongIsTold() async throws {
            try await withPool(.init(size: 1, waitingTimeout: .milliseconds(500))) { pool in
                try await pool.withConnection { _ in
                    let error = try await TestServer.error { try await pool.query("SELECT 1") }
                    #expect(error == .poolExhausted(.waitingTimeout))
                }
                #expect(try await pool.query("SELECT 1").count == 1)
            }
        }

        @Test func soIsEveryoneWhoComesLater() async throws {
            try await withPool(.init(size: 1, waitingTimeout: .milliseconds(200))) { pool in
                try await pool.withConnection { _ in
                    // In the end nobody waits, so that the last one has to be timed anew.
                    for waiters in [3, 1, 1] {
                        let errors = await withTaskGroup { group in
                            for _ in 0..<waiters {
                                group.addTask {
                                    try? await TestServer.error { try await pool.query("SELECT 1") }
                                }
                            }
                            return await group.reduce(into: []) { $0.append($1) }
                        }
                        #expect(errors == Array(repeating: .poolExhausted(.waitingTimeout), count: waiters))
                        try await TestServer.until("nobody is timed") { !pool.isTimed }
                    }
                }
            }
        }

        @Test func oneWaiterTooManyIsRefusedAtOnce() async throws {
            try await withPool(.init(size: 1, waitingLimit: 1, waitingTimeout: .seconds(20))) { pool in
                let waiter = try await pool.withConnection { _ in
                    let waiter = Task { try await pool.query("SELECT 1").count }
                    try await TestServer.until("it waits") { pool.statistics.waiting == 1 }
                    let error = try await TestServer.error { try await pool.query("SELECT 1") }
                    #expect(error == .poolExhausted(.waitingLimit))
                    return waiter
                }
                #expect(try await waiter.value == 1)
            }
        }

        @Test func aCancelledWaiterLeavesAndTheOthersAreServed() async throws {
            try await withPool(.init(size: 1, waitingTimeout: .seconds(20))) { pool in
                let patient = try await pool.withConnection { _ in
                    let hasty = Task { try await pool.query("SELECT 1").count }
                    try await TestServer.until("it waits") { pool.statistics.waiting == 1 }
                    let patient = Task { try await pool.query("SELECT 1").count }
                    try await TestServer.until("both wait") { pool.statistics.waiting == 2 }
                    hasty.cancel()
                    await #expect(throws: CancellationError.self) { try await hasty.value }
                    #expect(pool.statistics.waiting == 1)
                    return patient
                }
                #expect(try await patient.value == 1)
            }
        }

        @Test func aTerminatedBackendIsReplacedOnDemand() async throws {
            try await withPool(.init(size: 1)) { pool in
                let processID = try await pool.withConnection { try await $0.processID }
                let killer = try await TestServer.connect()
                try await killer.execute("SELECT pg_terminate_backend(\(processID))")
                try await TestServer.until("the pool notices") { pool.statistics.open == 0 }
                #expect(try await pool.withConnection { try await $0.processID } != processID)
            }
        }

        @Test func aBackendTerminatedInMidStatementFailsItAndIsReplaced() async throws {
            try await withPool(.init(size: 1)) { pool in
                let error = try await TestServer.error {
                    try await pool.query("SELECT pg_terminate_backend(pg_backend_pid())")
                }
                #expect(error.isConnectionLost)
                #expect(try await pool.query("SELECT 1").count == 1)
            }
        }

        @Test func aFrozenBackendCostsItsCallerTheDeadlineAndThePoolOneConnection() async throws {
            try await withPool(queryTimeout: .milliseconds(700), .init(size: 1)) { pool in
                let processID = try await pool.withConnection { try await $0.processID }
                try #require(
                    kill(processID, SIGSTOP) == 0, "the tests run on the server's machine, as root or it")
                defer { kill(processID, SIGCONT) }
                let start = ContinuousClock.now
                let error = try await TestServer.error { try await pool.query("SELECT 1") }
                #expect(error == .timedOut(.statement))
                #expect(ContinuousClock.now - start < .seconds(5))
                let after = try await pool.withConnection { try await $0.processID }
                #expect(after != processID)
            }
        }

        @Test func anOldConnectionIsRetired() async throws {
            try await withPool(.init(size: 1, maximumAge: .zero)) { pool in
                let first = try await pool.withConnection { try await $0.processID }
                let second = try await pool.withConnection { try await $0.processID }
                #expect(first != second)
            }
        }

        @Test func aClosedPoolFailsWaitersAndWhoeverAsks() async throws {
            let pool = PostgresPool(
                try TestServer.configuration(), pool: .init(size: 1, waitingTimeout: .seconds(20)))
            try await pool.withConnection { connection in
                let waiter = Task { try await pool.query("SELECT 1").count }
                try await TestServer.until("it waits") { pool.statistics.waiting == 1 }
                await pool.close()
                #expect(try await TestServer.error { try await waiter.value } == .closed)
                #expect(try await connection.query("SELECT 1").count == 1)
            }
            #expect(try await TestServer.error { try await pool.query("SELECT 1") } == .closed)
            #expect(pool.statistics.open == 0)
        }

        @Test func aServerThatIsNotThereFailsAllWaitersAtOnce() async throws {
            let configuration = PostgresConfiguration(
                connectionString: "host=127.0.0.1 port=1 user=x dbname=x")
            let pool = PostgresPool(configuration, pool: .init(size: 2, waitingTimeout: .seconds(60)))
            await withTaskGroup(of: PostgresError?.self) { group in
                for _ in 1...5 {
                    group.addTask { try? await TestServer.error { try await pool.query("SELECT 1") } }
                }
                for await error in group {
                    guard case .connectionFailed(let failure)? = error else {
                        Issue.record("\(String(describing: error))")
                        continue
                    }
                    #expect(failure.reason == .unreachable && failure.host == "127.0.0.1")
                }
            }
            await pool.close()
        }
    }
}
