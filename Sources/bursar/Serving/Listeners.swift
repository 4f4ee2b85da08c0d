// Where the gateway listens, and whether it may.
import BursarGateway
import BursarHTTP
import Logging
import NIOCore
import NIOSSL
import Prometheus

/// Both sides' addresses and their TLS, checked before anything starts.
struct Listeners {
    private let http: (host: String, port: Int)
    private let admin: (host: String, port: Int)
    private let publicURL: String
    private let tls: NIOSSLContext?

    init(settings: Settings) throws {
        http = (try settings.required(.httpHost), try settings.port(.httpPort))
        admin = (try settings.required(.adminHost), try settings.port(.adminPort))
        tls = try Listeners.context(settings)
        let isProxied = try settings.flag(.httpBehindTLSProxy)
        try Listeners.requireTLS(of: http.host, .httpHost, tls: tls, isProxied: isProxied)
        try Listeners.requireTLS(of: admin.host, .adminHost, tls: tls, isProxied: isProxied)
        let scheme = tls == nil ? "http" : "https"
        publicURL = settings.text(.publicURL) ?? "\(scheme)://\(http.host):\(http.port)"
        guard publicURL.hasPrefix("https://") || publicURL.hasPrefix("http://"),
            !publicURL.contains("?"), !publicURL.contains("#")
        else {
            throw SettingsError("BURSAR_PUBLIC_URL: \(publicURL) is no http or https URL without query")
        }
    }

    /// Client secrets and tokens cross this wire: in clear only on loopback, or to a proxy that ends TLS.
    private static func requireTLS(
        of host: String, _ setting: Setting, tls: NIOSSLContext?, isProxied: Bool
    ) throws(SettingsError) {
        let isLoopback = host == "localhost" || host == "::1" || host.hasPrefix("127.")
        guard tls == nil, !isLoopback, !isProxied else { return }
        throw SettingsError(
            "\(setting.environmentName): \(host) is not loopback, and secrets would cross it in clear: set "
                + "BURSAR_TLS_CERTIFICATE_FILE and BURSAR_TLS_KEY_FILE, or BURSAR_HTTP_BEHIND_TLS_PROXY=true "
                + "where a proxy in front ends TLS")
    }

    private static func context(_ settings: Settings) throws -> NIOSSLContext? {
        let (certificate, key) = (settings.text(.tlsCertificateFile), settings.text(.tlsKeyFile))
        guard certificate != nil || key != nil else { return nil }
        guard let certificate, let key else {
            throw SettingsError(
                "BURSAR_TLS_CERTIFICATE_FILE and BURSAR_TLS_KEY_FILE belong together; one of them is not set")
        }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw CommandFailure(
                .failed,
                "the TLS certificate \(certificate) and key \(key) cannot be used: both must be PEM, "
                    + "readable by this user, and belong together")
        }
    }

    func servers(
        gateway: Gateway, registry: PrometheusRegistry, reports: ReportDesk?,
        eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws -> [HTTPServer] {
        var context: (@Sendable () -> NIOSSLContext)?
        if let tls { context = { tls } }
        let merchants = MerchantHandler(gateway: gateway, settings: MerchantSettings(publicURL: publicURL))
        let operators = AdminHandler(
            registry: registry, version: BuildVersion(version: Bursar.version), reports: reports
        ) { gateway.isReady }
        return [
            HTTPServer(
                side: .admin, host: admin.host, port: admin.port, tls: context, handler: operators,
                metrics: HTTPMetrics(side: .admin, factory: registry), eventLoopGroup: eventLoopGroup,
                logger: logger),
            HTTPServer(
                side: .merchant, host: http.host, port: http.port, tls: context, handler: merchants,
                metrics: HTTPMetrics(side: .merchant, factory: registry), eventLoopGroup: eventLoopGroup,
                logger: logger),
        ]
    }
}
