// Our own certificate and key, read again when their files change.
import BursarGateway
import Foundation
import Logging
import Metrics
import NIOCertificateReloading
import NIOCore
import NIOSSL
import Prometheus
import ServiceLifecycle
import SwiftASN1
import Synchronization
import X509

/// A pair that cannot be used leaves the former one in force: renewals replace two files, one after the
/// other.
struct TLSFiles: Service {
    let context: NIOSSLContext
    private let reloader: TimedCertificateReloader
    private let watched: WatchedPair

    fileprivate enum Name {
        static let expiry = "bursar_tls_certificate_expiry_timestamp_seconds"
        static let failing = "bursar_tls_reload_failing"
    }

    static let families = [
        MetricFamily(
            Name.expiry, .gauge,
            help: "When the server's certificate or one of its chain ends, in seconds since 1970."
        ),
        MetricFamily(Name.failing, .gauge, help: "1 while changed TLS files cannot be used."),
    ]

    /// How often the files are looked at.
    private static let interval: Duration = .seconds(5)

    /// Throws what to do about it when the pair cannot be used.
    init(certificate: String, key: String, logger: Logger, factory: any MetricsFactory) throws {
        let watched = WatchedPair(logger: logger, factory: factory)
        self.watched = watched
        var configuration = TimedCertificateReloader.Configuration(
            refreshInterval: Self.interval,
            certificateSource: .init(
                location: .memory { try Self.blocks(of: certificate) { $0 == "CERTIFICATE" } }, format: .pem),
            privateKeySource: .init(
                location: .memory { try Self.blocks(of: key) { $0.hasSuffix("PRIVATE KEY") } }, format: .pem)
        ) { _ in }
        configuration.onCertificateLoaded = { watched.loaded($0.currentX509CertificateChain) }
        do {
            reloader = try .makeReloaderValidatingSources(configuration: configuration)
            var server = try TLSConfiguration.makeServerConfiguration(certificateReloader: reloader)
            server.minimumTLSVersion = .tlsv12
            server.applicationProtocols = ["http/1.1"]
            // A caller that does not answer a goodbye must not hold up the end of the process.
            server.shutdownTimeout = .seconds(1)
            context = try NIOSSLContext(configuration: server)
        } catch {
            throw CommandFailure(
                .failed,
                "the TLS certificate \(certificate) and key \(key) cannot be used: both must be PEM, "
                    + "readable by this user, and belong together")
        }
    }

    /// The blocks of a PEM file that are wanted: one file may hold certificate, key and parameters.
    private static func blocks(of path: String, _ isWanted: (String) -> Bool) throws -> [UInt8] {
        // A comment beside the blocks may be in any encoding.
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        let wanted = try PEMDocument.parseMultiple(pemString: text).filter { isWanted($0.discriminator) }
        return Array(wanted.map(\.pemString).joined(separator: "\n").utf8)
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                do {
                    try reloader.reload()
                    watched.isUsable()
                } catch {
                    watched.failed()
                }
            }
        }
    }
}

/// What was loaded last, for the log and the metrics.
private final class WatchedPair: Sendable {
    private struct Contents {
        var chain: [Certificate] = []
        var isFailing = false
    }

    private let contents = Mutex(Contents())
    private let logger: Logger
    private let expiry: Gauge
    private let failing: Gauge

    init(logger: Logger, factory: any MetricsFactory) {
        self.logger = logger
        expiry = Gauge(label: TLSFiles.Name.expiry, factory: factory)
        failing = Gauge(label: TLSFiles.Name.failing, factory: factory)
    }

    /// Called at the start too, when there is nothing to tell.
    func loaded(_ chain: [Certificate]) {
        // The first that ends, whichever of the chain it is, ends it for everyone.
        guard let end = chain.map(\.notValidAfter).min() else { return }
        let former = contents.withLock { contents in
            defer { contents.chain = chain }
            return contents.chain
        }
        expiry.record(end.timeIntervalSince1970)
        guard !former.isEmpty, former != chain else { return }
        logger.notice(
            "TLS certificate read again", metadata: ["ends": "\(end.ISO8601Format())"])
    }

    func isUsable() {
        contents.withLock { $0.isFailing = false }
        failing.record(0)
    }

    func failed() {
        let isNews = contents.withLock { contents in
            defer { contents.isFailing = true }
            return !contents.isFailing
        }
        failing.record(1)
        if isNews {
            logger.error(
                "the TLS files changed and cannot be used; the former certificate stays",
                metadata: ["advice": "both must be PEM, readable by this user, and belong together"])
        }
    }
}
