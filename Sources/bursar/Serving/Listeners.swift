// Where the gateway listens, and whether it may.
import BursarGateway
import BursarHTTP
import Logging
import NIOCore
import NIOSSL
import Prometheus
import Tracing

/// Both sides' addresses and their TLS, checked before anything starts.
struct Listeners {
    private let http: (host: String, port: Int)
    private let admin: (host: String, port: Int)
    private let publicURL: String
    /// Certificate and key, where both sides speak TLS.
    let tlsFiles: (certificate: String, key: String)?

    init(settings: Settings) throws {
        http = (try settings.required(.httpHost), try settings.port(.httpPort))
        admin = (try settings.required(.adminHost), try settings.port(.adminPort))
        tlsFiles = try Listeners.tlsFiles(settings)
        let tls = tlsFiles != nil
        let isProxied = try settings.flag(.httpBehindTLSProxy)
        try Listeners.requireTLS(of: http.host, .httpHost, tls: tls, isProxied: isProxied)
        try Listeners.requireTLS(of: admin.host, .adminHost, tls: tls, isProxied: isProxied)
        let scheme = tls ? "https" : "http"
        publicURL = settings.text(.publicURL) ?? "\(scheme)://\(http.host):\(http.port)"
        guard publicURL.hasPrefix("https://") || publicURL.hasPrefix("http://"),
            !publicURL.contains("?"), !publicURL.contains("#")
        else {
            throw SettingsError("BURSAR_PUBLIC_URL: \(publicURL) is no http or https URL without query")
        }
    }

    /// Client secrets and tokens cross this wire: in clear only on loopback, or to a proxy that ends TLS.
    private static func requireTLS(
        of host: String, _ setting: Setting, tls: Bool, isProxied: Bool
    ) throws(SettingsError) {
        let isLoopback = host == "localhost" || host == "::1" || host.hasPrefix("127.")
        guard !tls, !isLoopback, !isProxied else { return }
        throw SettingsError(
            "\(setting.environmentName): \(host) is not loopback, and secrets would cross it in clear: set "
                + "BURSAR_TLS_CERTIFICATE_FILE and BURSAR_TLS_KEY_FILE, or BURSAR_HTTP_BEHIND_TLS_PROXY=true "
                + "where a proxy in front ends TLS")
    }

    private static func tlsFiles(
        _ settings: Settings
    ) throws(SettingsError) -> (certificate: String, key: String)? {
        let (certificate, key) = (settings.text(.tlsCertificateFile), settings.text(.tlsKeyFile))
        guard certificate != nil || key != nil else { return nil }
        guard let certificate, let key else {
            throw SettingsError(
                "BURSAR_TLS_CERTIFICATE_FILE and BURSAR_TLS_KEY_FILE belong together; one of them is not set")
        }
        return (certificate, key)
    }

    func servers(
        gateway: Gateway, tls: NIOSSLContext?, limits: HTTPLimits, registry: PrometheusRegistry,
        reports: ReportDesk?,
        eventLoopGroup: any EventLoopGroup, logger: Logger, tracer: (any Tracer)?
    ) throws -> [HTTPServer] {
        var context: (@Sendable () -> NIOSSLContext)?
        if let tls { context = { tls } }
        let merchants = MerchantHandler(gateway: gateway, settings: MerchantSettings(publicURL: publicURL))
        let operators = AdminHandler(
            registry: registry, version: BuildVersion(version: Bursar.version), reports: reports
        ) { gateway.readiness }
        return [
            HTTPServer(
                side: .admin, host: admin.host, port: admin.port, tls: context, limits: limits,
                handler: operators,
                metrics: HTTPMetrics(side: .admin, factory: registry), eventLoopGroup: eventLoopGroup,
                logger: logger, tracer: tracer),
            HTTPServer(
                side: .merchant, host: http.host, port: http.port, tls: context, limits: limits,
                handler: merchants,
                metrics: HTTPMetrics(side: .merchant, factory: registry), eventLoopGroup: eventLoopGroup,
                logger: logger, tracer: tracer),
        ]
    }
}
