// The admin side (docs/API.md section 6): metrics, health, version.
internal import BursarCore
package import BursarGateway
package import Prometheus

/// Answers `/metrics`, `/livez`, `/readyz`, `/version`, `/openapi.json` and `/reports/usage`; to everything
/// else there is nothing.
package final class AdminHandler: HTTPHandler {
    private let registry: PrometheusRegistry
    private let readiness: @Sendable () -> Gateway.Readiness
    private let version: BuildVersion
    private let reports: ReportDesk?
    private let routes: RouteTable

    /// - Parameters:
    ///   - reports: nil where nobody may read any: their path does not exist then.
    ///   - readiness: asked at each `/readyz`; must not wait.
    package init(
        registry: PrometheusRegistry, version: BuildVersion, reports: ReportDesk? = nil,
        readiness: @escaping @Sendable () -> Gateway.Readiness
    ) {
        self.reports = reports
        self.registry = registry
        self.version = version
        self.readiness = readiness
        let own: [Route] =
            [.metrics, .live, .ready, .version, .openAPI] + (reports == nil ? [] : [.usageReport])
        routes = RouteTable(own.map { ($0.template, $0) })
    }

    package func route(_ path: Substring) -> Route { routes.route(path) }

    package func handle(_ request: HTTPRequest, respond: HTTPResponder) -> (@Sendable () -> Void)? {
        guard request.route != .unknown else {
            respond(RequestFault.pathUnknown.answer(.api).response())
            return nil
        }
        guard request.route.methods.contains(request.method) else {
            respond(RequestFault.methodNotAllowed(request.route.methods).answer(.api).response())
            return nil
        }
        switch request.route {
        case .metrics: metrics(respond)
        case .live: respond(HealthAnswers.live())
        case .ready: respond(HealthAnswers.ready(readiness()))
        case .version: respond(HTTPResponse(.ok, json: version.json))
        case .openAPI: respond(HTTPResponse(.ok, json: version.openAPI))
        case .usageReport: return report(request, respond)
        case .oauthToken, .oauthRevoke, .token, .paymentToken, .checkoutAuth, .metadata, .unknown,
            .unreadable:
            respond(RequestFault.pathUnknown.answer(.api).response())
        }
        return nil
    }

    package func refuse(_ fault: HTTPFault, route: Route) -> HTTPResponse { fault.answer.response() }

    private func report(_ request: HTTPRequest, _ respond: HTTPResponder) -> (@Sendable () -> Void)? {
        guard let reports else {
            respond(RequestFault.pathUnknown.answer(.api).response())
            return nil
        }
        do throws(ReportFault) {
            let wanted = try reports.request(request)
            let task = Task { await reports.answer(wanted, respond) }
            return { task.cancel() }
        } catch {
            respond(error.answer.response())
            return nil
        }
    }

    /// Off the event loop, which may be serving merchants: the page takes milliseconds.
    private func metrics(_ respond: HTTPResponder) {
        Task { [registry] in
            let page = Array(registry.text().utf8)
            respond(HTTPResponse(.ok, type: PrometheusRegistry.contentType, body: page))
        }
    }
}
