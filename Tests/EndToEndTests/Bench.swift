// The whole product as its users have it: PostgreSQL, the simulator, the command line, a running gateway.
import AsyncHTTPClient
import BursarTestSupport
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOPosix
import Testing

/// One installation for one test: its own database, folder, simulator and gateway, all real.
struct Bench: Sendable {
    static let tenant = "8c0b6f0e-3d5c-4b8e-9a53-5d1f2f6f7a01"
    static let providers = ["alternative", "paymentapi", "phoenix", "zatlas", "zertiban"]
    /// Everything that forms and Basic get wrong.
    static let awkward = "a+b/c=%&:é"

    let database: TemporaryDatabase
    let folder: TemporaryFolder
    let simulator: Simulator
    let environment: [String: String]
    /// The file of the authority that signed both sides' certificates; nil without TLS.
    let authorities: String?

    /// Lends an installation with a migrated database and profiles that point at the simulator; nobody is
    /// enrolled and no gateway runs yet. `tls` puts TLS on both sides.
    static func lend<R: Sendable>(
        tls: Bool = false, _ body: (Bench) async throws -> R
    ) async throws -> R {
        try await TemporaryFolder.lend { folder in
            let certificates = tls ? try Certificates(in: folder) : nil
            return try await TemporaryDatabase.lend { database in
                try await Simulator.lend(in: folder, certificates: certificates) { simulator in
                    for provider in providers {
                        try folder.write(
                            "providers/\(provider).yaml", profile(provider, simulator.url + "/" + provider))
                    }
                    let key = Data((0..<32).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
                    var environment = [
                        "BURSAR_DATABASE_URL": database.url,
                        "BURSAR_KEYRING_FILE": try folder.write("keyring", "test-1:\(key)\n"),
                        "BURSAR_STATE_DIR": folder.path + "/state",
                        "BURSAR_PROVIDERS_DIR": folder.path + "/providers",
                        "BURSAR_PROVIDER_NETWORKS": "loopback-too", "BURSAR_HTTP_PORT": "0",
                        "BURSAR_ADMIN_PORT": "0", "BURSAR_LOG_LEVEL": "trace", "BURSAR_DRAIN_SECONDS": "0",
                    ]
                    if let certificates {
                        environment["BURSAR_TLS_CERTIFICATE_FILE"] = certificates.certificate
                        environment["BURSAR_TLS_KEY_FILE"] = certificates.key
                        environment["BURSAR_PROVIDER_CA_FILE"] = certificates.authority
                    }
                    return try await body(
                        Bench(
                            database: database, folder: folder, simulator: simulator,
                            environment: environment,
                            authorities: certificates?.authority))
                }
            }
        }
    }

    /// A certificate for `localhost` that both servers show, as files.
    struct Certificates: Sendable {
        let authority: String
        let certificate: String
        let key: String

        init(in folder: TemporaryFolder) throws {
            let made = try TestAuthority()
            let leaf = try made.issue(host: "localhost")
            authority = try folder.write("authority.pem", made.pem)
            certificate = try folder.write("certificate.pem", leaf.certificate)
            key = try folder.write("key.pem", leaf.key)
        }
    }

    private static func profile(_ provider: String, _ url: String) -> String {
        let token =
            ["alternative", "phoenix"].contains(provider) ? "token: { path: /oauth2/token }\n" : ""
        return "id: \(provider)\nenvironments: { sandbox: { base_url: \"\(url)\" } }\n\(token)"
    }

    // MARK: The command line

    struct Ended: Sendable {
        let status: Int32
        let output: String
    }

    func bursar(
        _ arguments: String..., input: String = "", with changes: [String: String] = [:]
    ) async throws -> Ended {
        try await bursar(arguments, input: input, with: changes)
    }

    func bursar(
        _ arguments: [String], input: String = "", with changes: [String: String] = [:]
    ) async throws -> Ended {
        let program = try RunningProgram(
            Executables.bursar, arguments, environment: environment.merging(changes) { _, new in new },
            input: input)
        return Ended(status: await program.end(), output: program.output)
    }

    /// The same, for commands that the test counts on.
    @discardableResult
    func must(_ arguments: String..., input: String = "") async throws -> String {
        let ended = try await bursar(arguments, input: input)
        try #require(ended.status == 0, "bursar \(arguments.joined(separator: " ")): \(ended.output)")
        return ended.output
    }

    // MARK: Enrolling

    struct Client: Sendable {
        let id: String
        let secret: String
    }

    func addTenant(_ tenant: String = Bench.tenant, rate: String = "1000000/s") async throws {
        try await must(
            "tenant", "add", tenant, "--name", "Demo Merchant", "--rate", rate, "--burst", "100000")
    }

    /// Registers the credential with the simulator and enrols the tenants with it.
    func connect(
        _ provider: String, id: String = "demo", secret: String = Bench.awkward,
        tenants: [String] = [Bench.tenant], extra: [String] = []
    ) async throws {
        try await simulator.know(provider, id: id, secret: secret)
        let ended = try await bursar(
            [
                "credential", "set", "--provider", provider, "--environment", "sandbox", "--client-id", id,
                "--secret-stdin",
            ] + tenants.flatMap { ["--tenant", $0] } + extra, input: secret)
        try #require(ended.status == 0, "\(ended.output)")
    }

    func issueClient(_ tenants: [String] = [Bench.tenant], extra: [String] = []) async throws -> Client {
        let ended = try await bursar(
            ["client", "issue", "--json"] + tenants.flatMap { ["--tenant", $0] } + extra)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any],
            "\(ended.output)")
        return Client(
            id: try #require(object["client_id"] as? String),
            secret: try #require(object["client_secret"] as? String))
    }

    // MARK: Serving

    /// - Parameter launcher: a program with its arguments that runs the gateway by its last ones.
    func withGateway<R: Sendable>(
        with changes: [String: String] = [:], by launcher: [String] = [],
        _ body: (RunningGateway) async throws -> R
    ) async throws -> R {
        let command = launcher + [Executables.bursar, "serve"]
        let program = try RunningProgram(
            command[0], Array(command.dropFirst()),
            environment: environment.merging(changes) { _, new in new })
        do {
            let gateway = try await RunningGateway(program, tls: authorities != nil)
            let result = try await body(gateway)
            await program.stop()
            return result
        } catch {
            await program.stop()
            throw error
        }
    }
}

/// A gateway that serves.
struct RunningGateway: Sendable {
    let program: RunningProgram
    let merchant: String
    let admin: String

    init(_ program: RunningProgram, tls: Bool) async throws {
        self.program = program
        let admin = try await RunningGateway.address(of: "admin", program)
        let merchant = try await RunningGateway.address(of: "merchant", program)
        // The certificate is for a name.
        let port = merchant.split(separator: ":").last ?? ""
        self.admin = "\(tls ? "https" : "http")://\(admin)"
        self.merchant = tls ? "https://localhost:\(port)" : "http://\(merchant)"
        let ready = self.merchant + "/readyz"
        try await until("the gateway is ready") { try await HTTP.get(ready).status == 200 }
    }

    private static func address(of side: String, _ program: RunningProgram) async throws -> Substring {
        let line = await program.line(containing: "server=\(side)")
        let found = try #require(line, "the gateway did not start: \(program.output)")
        let address = try #require(found.split(separator: " ").first { $0.hasPrefix("address=") })
        return address.dropFirst("address=".count)
    }

    /// POST /oauth2/token with HTTP Basic.
    func token(_ client: Bench.Client, _ parameters: String = "") async throws -> HTTP.Answer {
        try await HTTP.post(
            merchant + "/oauth2/token", "grant_type=client_credentials" + parameters,
            basic: (client.id, client.secret))
    }

    func get(_ path: String, _ client: Bench.Client) async throws -> HTTP.Answer {
        try await HTTP.get(merchant + path, bearer: client.secret)
    }
}

/// Waits until something is so, by looking again and again; fails the test when it is not within 20 s.
func until(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ holds: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now.advanced(by: .seconds(20))
    while try await !holds() {
        try #require(ContinuousClock.now < end, what, sourceLocation: sourceLocation)
        await Task.yield()
    }
}
