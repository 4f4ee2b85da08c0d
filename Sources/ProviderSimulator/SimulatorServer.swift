// Builds the HTTP server around a simulator and runs it until a signal stops it.

import FoundationEssentials
import Hummingbird
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import UnixSignals

/// Where to listen and what to tell whom once that works.
struct SimulatorServer: Sendable {
    let host: String
    let port: Int
    let tls: TLSConfiguration?
    let portFile: String?
    let logger: Logger

    /// Runs until SIGTERM or SIGINT. Calls that hang do not hold up the end.
    func run(_ simulator: Simulator) async throws {
        let router = Router(context: SimulatorContext.self)
        ProviderRoutes(simulator: simulator).add(to: router)
        ControlRoutes(simulator: simulator).add(to: router)
        let application = Application(
            router: router,
            server: try tls.map { try .tls(tlsConfiguration: $0) } ?? .http1(),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: "provider-simulator", backlog: 4096),
            onServerRunning: { channel in announce(channel) },
            logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [application], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // Clients that send half a request would hold up the end for ever: they are cut off.
        configuration.maximumGracefulShutdownDuration = .seconds(2)
        // The last resort, a crash; nothing known comes to it.
        configuration.maximumCancellationDuration = .seconds(5)
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The port file first: whoever waits for the line may read the file then.
    private func announce(_ channel: any Channel) {
        let port = channel.localAddress?.port ?? self.port
        if let portFile {
            do {
                try Data("\(port)\n".utf8).write(to: URL(filePath: portFile), options: .atomic)
            } catch {
                logger.error("the port file could not be written", metadata: ["path": "\(portFile)"])
            }
        }
        let name = host.contains(":") ? "[\(host)]" : host
        StandardStream.output.write("listening on \(tls == nil ? "http" : "https")://\(name):\(port)\n")
    }
}
