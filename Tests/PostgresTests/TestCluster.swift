// A PostgreSQL cluster of a test's own, to be promoted, frozen and thrown away.
import Foundation
import Testing

@testable import Postgres

/// Listens on a socket in its folder alone. Stopped, and its folder removed, when the last reference goes.
final class TestCluster: Sendable {
    struct Failed: Error, CustomStringConvertible {
        let command: String
        let output: String
        var description: String { "\(command) failed: \(output)" }
    }

    private static let programs = "/usr/lib/postgresql/15/bin/"
    private let folder: String
    /// Names the socket; several clusters may lie in folders of their own with the same.
    private let port = "5432"
    private let server: Process

    /// A new cluster, or a streaming standby of another.
    init(standbyOf primary: TestCluster? = nil) async throws {
        folder = "/tmp/bursar-cluster.\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let data = folder + "/data"
        if let primary {
            try Self.run(
                ["pg_basebackup", "-h", primary.folder, "-U", "postgres", "-D", data, "-R", "-c", "fast"])
        } else {
            try Self.run(
                ["initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--locale=C.UTF-8"])
        }
        server = Self.process(
            ["postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"])
        server.standardError = FileHandle(forWritingAtPath: "/dev/null")
        try server.run()
        try await TestServer.until("the server answers") { await self.answers }
    }

    deinit {
        for process in [server.processIdentifier] + backends { kill(process, SIGCONT) }
        kill(server.processIdentifier, SIGINT)
        server.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private var answers: Bool {
        get async {
            let configuration = PostgresConfiguration(connectionString: Self.conninfo(self))
            guard let connection = try? await PostgresConnection.connect(configuration) else { return false }
            await connection.close()
            return true
        }
    }

    /// All of them, in this order.
    static func conninfo(_ clusters: TestCluster...) -> String {
        let hosts = clusters.map(\.folder).joined(separator: ",")
        return "host=\(hosts) port=\(clusters[0].port) user=postgres dbname=postgres"
    }

    func connect() async throws -> PostgresConnection {
        try await PostgresConnection.connect(PostgresConfiguration(connectionString: Self.conninfo(self)))
    }

    func promote() async throws {
        let connection = try await connect()
        try await connection.execute("SELECT pg_promote()")
        await connection.close()
    }

    /// Whatever is connected stays connected, and nothing answers.
    func freeze() { for process in [server.processIdentifier] + backends { kill(process, SIGSTOP) } }
    func thaw() { for process in [server.processIdentifier] + backends { kill(process, SIGCONT) } }

    private var backends: [pid_t] {
        let children = "/proc/\(server.processIdentifier)/task/\(server.processIdentifier)/children"
        let text = (try? String(contentsOfFile: children, encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { pid_t($0) }
    }

    // MARK: Programs

    /// PostgreSQL refuses to run as root; in a namespace root's processes appear as another's.
    private static let owner: [String] =
        geteuid() == 0 ? ["unshare", "-U", "--map-user=65534", "--map-group=65534", "--"] : []

    private static func process(_ command: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = owner + [programs + command[0]] + command.dropFirst()
        process.standardOutput = FileHandle(forWritingAtPath: "/dev/null")
        return process
    }

    private static func run(_ command: [String]) throws {
        let process = process(command)
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let output = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(command: command[0], output: String(decoding: output, as: UTF8.self))
        }
    }
}
