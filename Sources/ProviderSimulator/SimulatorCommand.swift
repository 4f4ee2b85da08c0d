// The command line: reads the options, loads the credentials, starts the server.

import ArgumentParser
import FoundationEssentials
import Logging
import NIOCore
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `provider-simulator`
@main
struct SimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provider-simulator",
        abstract: "Plays the five payment providers, for development and tests.",
        discussion: "A profile's base_url is http://HOST:PORT/<provider>. See docs/SIMULATOR.md.")

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 takes any that is free and prints it.")
    var port = 9080

    @Option(help: "Serve HTTPS with this certificate chain (PEM).")
    var tlsCertificate: String?

    @Option(help: "The key of the certificate (PEM).")
    var tlsKey: String?

    @Option(help: #"A JSON array of {"provider","client_id","client_secret"}."#)
    var credentials: String?

    @Option(help: "Seed of keys, token ids and garbage; without it each start differs.")
    var seed: UInt64?

    @Option(
        help: "How long a provider's access tokens live, as provider=seconds; may be given several times.")
    var accessLifetime: [String] = []

    @Option(help: "Write the port to this file when the simulator is ready.")
    var portFile: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical; goes to standard error.")
    var logLevel = "warning"

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be from 0 to 65535") }
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key go together")
        }
        guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("unknown --log-level") }
        _ = try lifetimes()
    }

    func run() async throws {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "provider-simulator")
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .warning
        let seed = self.seed ?? UInt64.random(in: .min ... .max)
        var state = SimulatorState(seed: seed, lifetimes: try lifetimes())
        try loadCredentials(into: &state)
        let simulator = Simulator(state: state, signer: try await TokenSigner(seed: seed), logger: logger)
        let server = SimulatorServer(
            host: host, port: port, tls: try tls(), portFile: portFile, logger: logger)
        do {
            try await server.run(simulator)
        } catch let error as IOError {
            throw Self.failure(Self.explain(error, host: host, port: port))
        }
    }

    private func lifetimes() throws -> [Provider: Lifetimes] {
        var lifetimes = Dictionary(uniqueKeysWithValues: Provider.allCases.map { ($0, $0.rules.lifetimes) })
        for option in accessLifetime {
            let parts = option.split(separator: "=")
            guard parts.count == 2, let provider = Provider(rawValue: String(parts[0])),
                let seconds = Int64(parts[1]), (1...1_000_000_000).contains(seconds)
            else {
                throw ValidationError("--access-lifetime wants provider=seconds, not '\(option)'")
            }
            lifetimes[provider]?.accessSeconds = seconds
        }
        return lifetimes
    }

    private func loadCredentials(into state: inout SimulatorState) throws {
        guard let credentials else { return }
        guard let data = try? Data(contentsOf: URL(filePath: credentials)) else {
            throw Self.failure("--credentials: \(credentials) cannot be read")
        }
        do throws(ControlRefusal) {
            for entry in try CredentialEntry.list(Array(data)) {
                try state.put(entry)
            }
        } catch {
            throw Self.failure("--credentials: \(credentials): \(error.message)")
        }
    }

    private func tls() throws -> TLSConfiguration? {
        guard let tlsCertificate, let tlsKey else { return nil }
        do {
            return .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(tlsCertificate).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: tlsKey, format: .pem)))
        } catch {
            throw Self.failure(
                "the certificate or the key cannot be read as PEM: \(tlsCertificate), \(tlsKey)")
        }
    }

    private static func explain(_ error: IOError, host: String, port: Int) -> String {
        switch error.errnoCode {
        case EADDRINUSE:
            """
            port \(port) on \(host) is taken by another program. Stop that one ('ss -ltnp' shows it), \
            or choose another port with --port N (--port 0 takes any that is free).
            """
        case EACCES:
            "port \(port) on \(host) may not be used by this user: choose one above 1023 with --port N."
        case EADDRNOTAVAIL: "\(host) is not an address of this machine: choose another with --host."
        default: "listening on \(host) port \(port) failed: \(error)"
        }
    }

    private static func failure(_ message: String) -> ExitCode {
        StandardStream.error.write("provider-simulator: \(message)\n")
        return ExitCode(1)
    }
}
