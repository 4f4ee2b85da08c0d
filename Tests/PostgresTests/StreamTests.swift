// Rows in batches, COPY both ways, and notifications.
import Synchronization
import Testing

@testable import Postgres

extension ServerTests {
    @Suite struct StreamTests {
        @Test func rowsComeInBatchesAndInOrder() async throws {
            let connection = try await TestServer.connect()
            let seen = Mutex<[Int]>([])
            let sizes = Mutex<[Int]>([])
            let total = try await connection.rows(
                "SELECT x::int8 FROM generate_series(1, \(2500)) x", batch: 1000
            ) { batch in
                let values = try batch.map { try $0.decode(Int.self) }
                seen.withLock { $0 += values }
                sizes.withLock { $0.append(values.count) }
            }
            #expect(total == 2500)
            #expect(seen.withLock { $0 } == Array(1...2500))
            #expect(sizes.withLock { $0 } == [1000, 1000, 500])
            #expect(connection.mailbox.isReusable)
            let timeout = try await connection.query("SELECT current_setting('statement_timeout')")[0]
            #expect(try timeout.decode(String.self) == "9500ms")
        }

        @Test func aFailureHalfWayThroughRowsIsThrownAndTheConnectionStays() async throws {
            let connection = try await TestServer.connect()
            let error = try await TestServer.error {
                try await connection.rows("SELECT 1 / (500 - x) FROM generate_series(1, 1000) x", batch: 100)
                { _ in }
            }
            #expect(error.sqlState == .divisionByZero)
            #expect(try await connection.query("SELECT 1")[0].decode(Int.self) == 1)
        }

        @Test func aConsumerThatStopsLosesTheConnection() async throws {
            struct Enough: Error {}
            let connection = try await TestServer.connect()
            await #expect(throws: Enough.self) {
                try await connection.rows("SELECT generate_series(1, 1000000)", batch: 10) { _ in
                    throw Enough()
                }
            }
            #expect(try await TestServer.error { try await connection.query("SELECT 1") } == .closed)
        }

        @Test func anotherStatementDuringAStreamIsRefused() async throws {
            let connection = try await TestServer.connect()
            let total = try await connection.rows("SELECT generate_series(1, 10)", batch: 10) { _ in
                let error = try await TestServer.error { try await connection.query("SELECT 1") }
                #expect(error == .protocolError("a stream is open on this connection"))
            }
            #expect(total == 10)
        }

        @Test func copyTakesAHundredThousandRowsInAndOut() async throws {
            let connection = try await TestServer.connect()
            try await connection.execute("CREATE TEMP TABLE t (a int8, b text)")
            let next = Mutex(0)
            let stored = try await connection.copyIn("COPY t FROM STDIN (FORMAT csv)") {
                let number = next.withLock { number in
                    number += 1
                    return number
                }
                return number > 100_000 ? nil : Array("\(number),row \(number)\n".utf8)
            }
            #expect(stored == 100_000)
            let sum = try await connection.query("SELECT sum(a)::int8 FROM t")[0].decode(Int.self)
            #expect(sum == 5_000_050_000)
            let lines = Mutex(0)
            let last = Mutex("")
            let copied = try await connection.copyOut(
                "COPY (SELECT * FROM t ORDER BY a) TO STDOUT (FORMAT csv)"
            ) { row in
                lines.withLock { $0 += 1 }
                last.withLock { $0 = String(decoding: row, as: UTF8.self) }
            }
            #expect(copied == 100_000)
            #expect(lines.withLock { $0 } == 100_000)
            #expect(last.withLock { $0 } == "100000,row 100000\n")
            #expect(connection.mailbox.isReusable)
        }

        @Test func aCopyInThatGivesUpStoresNothing() async throws {
            struct Enough: Error {}
            let connection = try await TestServer.connect()
            try await connection.execute("CREATE TEMP TABLE t (a int8)")
            let calls = Mutex(0)
            await #expect(throws: Enough.self) {
                try await connection.copyIn("COPY t FROM STDIN") {
                    let call = calls.withLock { calls in
                        calls += 1
                        return calls
                    }
                    if call > 50_000 { throw Enough() }
                    return Array("1\n".utf8)
                }
            }
            #expect(try await connection.execute("SELECT * FROM t") == 0)
            #expect(connection.mailbox.isReusable)
        }

        @Test func aRefusedCopyNamesItsState() async throws {
            let connection = try await TestServer.connect()
            try await connection.execute("CREATE TEMP TABLE t (a int8)")
            let sent = Mutex(false)
            let malformed = try await TestServer.error {
                try await connection.copyIn("COPY t FROM STDIN") {
                    sent.withLock { sent in
                        defer { sent = true }
                        return sent ? nil : Array("canary\n".utf8)
                    }
                }
            }
            #expect(malformed.sqlState == .invalidTextRepresentation)
            #expect(!"\(malformed)".contains("canary"))
            let missing = try await TestServer.error {
                try await connection.copyOut("COPY nowhere TO STDOUT") { _ in }
            }
            #expect(missing.sqlState == .undefinedTable)
            #expect(connection.mailbox.isReusable)
            let wrongWay = try await TestServer.error { try await connection.copyIn("SELECT 1") { nil } }
            #expect(wrongWay == .protocolError("no COPY in the direction asked for"))
            #expect(!connection.mailbox.isOpen)
        }

        @Test func notificationsArriveWhileTheConnectionIsIdle() async throws {
            let listener = try await TestServer.connect()
            let stream = try await listener.listen(to: ["bursar_test", "Odd \"name\""])
            let sender = try await TestServer.connect()
            try await sender.execute(
                "SELECT pg_notify('bursar_test', 'one'), pg_notify('other', 'not for us')")
            try await sender.execute("SELECT pg_notify('Odd \"name\"', 'two')")
            var heard: [String] = []
            for await notification in stream {
                heard.append("\(notification.channel): \(notification.payload)")
                if heard.count == 2 { break }
            }
            #expect(heard == ["bursar_test: one", "Odd \"name\": two"])
            #expect(!listener.mailbox.isReusable)
        }

        @Test func aStreamOfNotificationsEndsWithItsConnection() async throws {
            let listener = try await TestServer.connect()
            let processID = try await listener.processID
            let stream = try await listener.listen(to: ["bursar_test_end"])
            let killer = try await TestServer.connect()
            try await killer.execute("SELECT pg_terminate_backend(\(processID))")
            for await _ in stream {}
            let error = try await TestServer.error { try await listener.query("SELECT 1") }
            #expect(error.sqlState == .adminShutdown)
        }
    }
}
