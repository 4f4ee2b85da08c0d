// The PostgreSQL the tests run against, and a schema of its own for whoever needs tables.
import Glibc
import Testing

@testable import Postgres

/// Everything that talks to the server, one test after another: together they would want more connections
/// than a server has.
@Suite(.serialized) enum ServerTests {}

enum TestServer {
    struct Missing: Error, CustomStringConvertible {
        let description = "BURSAR_TEST_DATABASE_URL is not set: run the tests with ./dev test"
    }

    static var url: String {
        get throws {
            guard let value = getenv("BURSAR_TEST_DATABASE_URL") else { throw Missing() }
            return String(cString: value)
        }
    }

    static func configuration(
        connectTimeout: Duration = .seconds(10), queryTimeout: Duration = .seconds(10),
        settings: [(String, String)] = []
    ) throws -> PostgresConfiguration {
        PostgresConfiguration(
            connectionString: try url, connectTimeout: connectTimeout, queryTimeout: queryTimeout,
            sessionSettings: settings)
    }

    static func connect(queryTimeout: Duration = .seconds(10)) async throws -> PostgresConnection {
        try await PostgresConnection.connect(configuration(queryTimeout: queryTimeout))
    }

    /// A conninfo with other hosts before the server's own.
    static func conninfo(before: [(host: String, port: String)], extra: String = "") throws -> String {
        let options = try #require(ConnectionOptions(parsing: url))
        let host = options.value("host") ?? "localhost"
        let port = options.value("port") ?? "5432"
        let given = options.given.filter { $0.key != "host" && $0.key != "port" }
            .map { "\($0.key)='\($0.value)'" }.joined(separator: " ")
        let hosts = (before.map(\.host) + [host]).joined(separator: ",")
        let ports = (before.map(\.port) + [port]).joined(separator: ",")
        return "\(given) host=\(hosts) port=\(ports) \(extra)"
    }

    /// Lends a new schema as the first in the search path, and drops it afterwards.
    static func withSchema<R: Sendable>(
        queryTimeout: Duration = .seconds(10), _ body: (PostgresConfiguration) async throws -> R
    ) async throws -> R {
        let name = "test_\(UInt64.random(in: 0 ... .max))"
        let admin = try await connect()
        try await admin.execute("CREATE SCHEMA \(unescaped: name)")
        let value: R
        do {
            value = try await body(
                configuration(queryTimeout: queryTimeout, settings: [("search_path", name)]))
        } catch {
            _ = try? await admin.execute("DROP SCHEMA \(unescaped: name) CASCADE")
            throw error
        }
        try await admin.execute("DROP SCHEMA \(unescaped: name) CASCADE")
        return value
    }

    /// Waits until something is so; fails the test when it is not within ten seconds.
    static func until(
        _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ holds: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now.advanced(by: .seconds(10))
        while try await !holds() {
            try #require(ContinuousClock.now < end, what, sourceLocation: sourceLocation)
            await Task.yield()
        }
    }

    /// The error a call throws; fails the test when it throws none or another kind.
    static func error<R>(
        sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> R
    ) async throws -> PostgresError {
        do {
            _ = try await body()
        } catch let error as PostgresError {
            return error
        }
        throw NoError(sourceLocation: sourceLocation)
    }

    struct NoError: Error { let sourceLocation: SourceLocation }
}

extension PostgresConnection {
    var processID: Int32 {
        get async throws { try await query("SELECT pg_backend_pid()")[0].decode(Int32.self) }
    }
}
