// Getting a connection: several hosts, deadlines, and what a failure says.
import Glibc
import Testing

@testable import Postgres

extension ServerTests {
    @Suite struct ConnectTests {
        private func answers(_ conninfo: String, timeout: Duration = .seconds(10)) async throws -> Bool {
            let configuration = PostgresConfiguration(connectionString: conninfo, connectTimeout: timeout)
            let connection = try await PostgresConnection.connect(configuration)
            let answer = try await connection.query("SELECT 1")[0].decode(Int.self)
            await connection.close()
            return answer == 1
        }

        @Test func theNextHostIsTriedWhenTheFirstRefuses() async throws {
            #expect(
                try await answers(
                    TestServer.conninfo(before: [("127.0.0.1", "1"), ("no-such-host.invalid", "1")])))
        }

        @Test func theNextHostIsTriedWhenTheFirstNeverAnswers() async throws {
            let mute = try MuteServer()
            #expect(
                try await answers(
                    TestServer.conninfo(before: [("127.0.0.1", mute.port)]), timeout: .seconds(2)))
        }

        @Test func targetSessionAttributesChooseAmongHosts() async throws {
            let read = try TestServer.conninfo(
                before: [("127.0.0.1", "1")], extra: "target_session_attrs=read-write")
            #expect(try await answers(read))
            let prefer = try TestServer.conninfo(
                before: [("127.0.0.1", "1")], extra: "target_session_attrs=prefer-standby")
            #expect(try await answers(prefer))
            let standby = try TestServer.conninfo(
                before: [("127.0.0.1", "1")], extra: "target_session_attrs=standby")
            let error = try await TestServer.error { try await answers(standby) }
            guard case .connectionFailed(let failure) = error else { throw error }
            #expect(failure.reason == .unsuitable)
        }

        @Test func aServerThatNeverAnswersCostsTheDeadlineAndNoMore() async throws {
            let mute = try MuteServer()
            let start = ContinuousClock.now
            let error = try await TestServer.error {
                try await answers(
                    "host=127.0.0.1 port=\(mute.port) user=x dbname=x", timeout: .milliseconds(300))
            }
            #expect(error == .timedOut(.connecting))
            #expect(ContinuousClock.now - start < .seconds(5))
        }

        @Test func aNameThatDoesNotResolveIsSaidToBeOne() async throws {
            let error = try await TestServer.error {
                try await answers("host=no-such-host.invalid user=x dbname=x")
            }
            guard case .connectionFailed(let failure) = error else { throw error }
            #expect(failure == .init(reason: .resolution, host: "no-such-host.invalid"))
        }

        @Test func aRefusedDatabaseIsSaidToBeOne() async throws {
            let error = try await TestServer.error {
                try await answers(TestServer.conninfo(before: [], extra: "dbname=no_such_database"))
            }
            guard case .connectionFailed(let failure) = error else { throw error }
            #expect(failure.reason == .refused)
            #expect(failure.message?.contains("no_such_database") == true)
        }

        @Test func aMalformedConnectionStringIsNotQuoted() async throws {
            let error = try await TestServer.error { try await answers("host=x canary-password") }
            #expect(
                "\(error)"
                    == "no PostgreSQL connection (configuration): the connection string cannot be parsed")
        }

        @Test func aRefusalNeverShowsThePassword() async throws {
            // The server's words name the user, which here is the password too.
            let conninfo = try TestServer.conninfo(before: [], extra: "user=canary password=canary")
            let error = try await TestServer.error { try await answers(conninfo) }
            guard case .connectionFailed(let failure) = error else { throw error }
            #expect(failure.reason == .authentication)
            #expect(!"\(error) \(String(reflecting: error))".contains("canary"))
        }

        @Test func aRefusedSettingNamesItself() async throws {
            let configuration = try TestServer.configuration(settings: [("no_such_setting", "1")])
            let error = try await TestServer.error { try await PostgresConnection.connect(configuration) }
            #expect("\(error)".contains("setting no_such_setting refused with 42704"))
        }

        @Test func sessionSettingsAndApplicationNameHold() async throws {
            let configuration = try TestServer.configuration(settings: [("work_mem", "7MB")])
            let connection = try await PostgresConnection.connect(configuration)
            let row = try await connection.query(
                """
                SELECT current_setting('work_mem'), current_setting('client_connection_check_interval'),
                       current_setting('client_encoding')
                """)[0]
            #expect(try row.decode(String.self, String.self, String.self) == ("7MB", "1s", "UTF8"))
        }

        @Test func aClosedConnectionLeavesNoBackend() async throws {
            let connection = try await TestServer.connect()
            let processID = try await connection.processID
            await connection.close()
            #expect(try await TestServer.error { try await connection.query("SELECT 1") } == .closed)
            let observer = try await TestServer.connect()
            try await TestServer.until("the backend is gone") {
                try await observer.execute("SELECT FROM pg_stat_activity WHERE pid = \(processID)") == 0
            }
        }
    }
}

/// Listens and never accepts: the kernel completes the handshake, and nothing more ever comes.
private final class MuteServer: Sendable {
    struct NoSocket: Error {}
    let port: String
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) | listen(descriptor, 8)
                    | getsockname(descriptor, address, &length)
            }
        }
        port = String(UInt16(bigEndian: address.sin_port))
        if code != 0 { throw NoSocket() }
    }

    deinit { close(descriptor) }
}
