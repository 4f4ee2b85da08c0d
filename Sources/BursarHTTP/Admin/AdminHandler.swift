// The admin side (docs/API.md section 6): metrics, health, version.
package import Prometheus

/// Answers `/metrics`, `/livez`, `/readyz` and `/version`; to everything else there is nothing.
package final class AdminHandler: HTTPHandler {
    private let registry: PrometheusRegistry
    private let isReady: @Sendable () -> Bool
    private let version: BuildVersion
    private let routes: [String: Route]

    /// - Parameter isReady: asked at each `/readyz`; must not wait.
    package init(
        registry: PrometheusRegistry, version: BuildVersion, isReady: @escaping @Sendable () -> Bool
    ) {
        self.registry = registry
        self.version = version
        self.isReady = isReady
        let own: [Route] = [.metrics, .live, .ready, .version]
        routes = Dictionary(uniqueKeysWithValues: own.map { ($0.rawValue, $0) })
    }

    package func route(_ path: Substring) -> Route { routes[String(path)] ?? .unknown }

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
        case .ready: respond(HealthAnswers.ready(isReady()))
        case .version: respond(HTTPResponse(.ok, json: version.json))
        case .oauthToken, .oauthRevoke, .token, .paymentToken, .checkoutAuth, .metadata, .unknown,
            .unreadable:
            respond(RequestFault.pathUnknown.answer(.api).response())
        }
        return nil
    }

    package func refuse(_ fault: HTTPFault, route: Route) -> HTTPResponse { fault.answer.response() }

    /// Off the event loop, which may be serving merchants: the page takes milliseconds.
    private func metrics(_ respond: HTTPResponder) {
        Task { [registry] in
            let page = Array(registry.text().utf8)
            respond(HTTPResponse(.ok, type: PrometheusRegistry.contentType, body: page))
        }
    }
}
