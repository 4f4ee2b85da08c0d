// Rows in batches of one result each.
import Synchronization
import Testing

@testable import Postgres

extension ServerTests {
    @Suite struct CursorTests {
        /// What came, and in batches of which sizes.
        private func take(
            _ query: PostgresQuery, of batch: Int, _ connection: PostgresConnection
        ) async throws -> (values: [Int], sizes: [Int]) {
            let seen = Mutex<(values: [Int], sizes: [Int])>(([], []))
            let total = try await connection.batches(query, of: batch) { rows in
                let values = try rows.map { try $0.decode(Int.self) }
                seen.withLock { seen in
                    seen.values += values
                    seen.sizes.append(values.count)
                }
            }
            #expect(total == seen.withLock { $0.values.count })
            return seen.withLock { $0 }
        }

        @Test(arguments: [
            (2_500, [16, 64, 256, 1_000, 1_000, 164]), (1_336, [16, 64, 256, 1_000]), (16, [16]), (3, [3]),
            (0, []),
        ])
        func batchesComeWholeAndInOrder(count: Int, sizes: [Int]) async throws {
            let connection = try await TestServer.connect()
            try await connection.transaction { connection in
                // Twice: what one leaves must not be in the other's way.
                for _ in 0..<2 {
                    let query: PostgresQuery = "SELECT x::int8 FROM generate_series(1, \(count)) x"
                    let taken = try await take(query, of: 1_000, connection)
                    #expect(taken.values == Array(1..<count + 1))
                    #expect(taken.sizes == sizes)
                }
            }
            #expect(connection.mailbox.isReusable)
        }

        @Test func largeRowsComeInSmallBatches() async throws {
            let connection = try await TestServer.connect()
            let sizes = Mutex<[Int]>([])
            let total = try await connection.transaction { connection in
                let query: PostgresQuery = "SELECT repeat('x', 1000000) FROM generate_series(1, 60)"
                return try await connection.batches(query, of: 1_000) { rows in
                    sizes.withLock { $0.append(rows.count) }
                }
            }
            #expect(total == 60)
            #expect(sizes.withLock { $0 } == [16] + Array(repeating: 4, count: 11))
        }

        @Test func aTransactionIsNeeded() async throws {
            let connection = try await TestServer.connect()
            let error = try await TestServer.error { try await take("SELECT 1::int8", of: 10, connection) }
            #expect(error == .protocolError("a cursor needs a transaction"))
            #expect(connection.mailbox.isReusable)
        }

        @Test func aFailureHalfWayIsThrownAndTheConnectionStays() async throws {
            let connection = try await TestServer.connect()
            let error = try await TestServer.error {
                try await connection.transaction { connection in
                    let query: PostgresQuery = "SELECT 1 / (500 - x) FROM generate_series(1, 1000) x"
                    return try await take(query, of: 100, connection)
                }
            }
            #expect(error.sqlState == .divisionByZero)
            #expect(try await connection.query("SELECT 1")[0].decode(Int.self) == 1)
        }

        @Test func aConsumerThatStopsLosesTheConnection() async throws {
            struct Enough: Error {}
            let connection = try await TestServer.connect()
            await #expect(throws: Enough.self) {
                try await connection.transaction { connection in
                    _ = try await connection.batches("SELECT generate_series(1, 1000000)", of: 10) { _ in
                        throw Enough()
                    }
                }
            }
            #expect(try await TestServer.error { try await connection.query("SELECT 1") } == .closed)
        }

        @Test func anotherStatementMeanwhileIsRefused() async throws {
            let connection = try await TestServer.connect()
            try await connection.transaction { connection in
                let total = try await connection.batches("SELECT generate_series(1, 20)", of: 10) { _ in
                    let error = try await TestServer.error { try await connection.query("SELECT 1") }
                    #expect(error == .protocolError("a stream is open on this connection"))
                }
                #expect(total == 20)
            }
        }
    }
}
