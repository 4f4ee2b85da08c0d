// The figures of the servers: names and labels, defined once.
package import Metrics
internal import NIOCore
package import Prometheus

/// Handles are made at the start, so that an answer costs two atomic additions and no look-up by text.
package final class HTTPMetrics: Sendable {
    package enum Name {
        package static let requests = "bursar_http_requests_total"
        package static let requestDuration = "bursar_http_request_duration_seconds"
        package static let connections = "bursar_http_connections"
        package static let connectionsRefused = "bursar_http_connections_refused_total"
    }

    /// What has to be declared before the first `HTTPMetrics` is made.
    package static let families: [MetricFamily] = [
        MetricFamily(
            Name.requests, .counter,
            help: "Answers sent. A method that the route does not have counts as _OTHER.",
            labels: [server, MetricLabel("route"), MetricLabel("method"), MetricLabel("status_class")]),
        MetricFamily(
            Name.requestDuration, .histogram(),
            help: "Seconds from the head of a request to its answer.",
            labels: [server, MetricLabel("route")]),
        MetricFamily(Name.connections, .gauge, help: "Open connections.", labels: [server]),
        MetricFamily(
            Name.connectionsRefused, .counter,
            help: "Connections closed at once because there were too many, or the server was stopping.",
            labels: [server]),
    ]

    // The route's labels are left open in the declaration and closed here: declared as closed they would make
    // a series of every route with every method.
    private static let server = MetricLabel("server", values: ServerSide.allCases.map(\.rawValue))

    /// An object, so that an answer holds on to one thing and not to three.
    fileprivate final class RouteHandles: Sendable {
        /// By the method's place, then by that of the status's family.
        let counters: [Counter]
        let duration: Timer

        init(_ route: Route, _ place: [(String, String)], _ factory: any MetricsFactory) {
            func counter(_ method: HTTPMethod, _ family: StatusFamily) -> Counter {
                let dimensions = place + [("method", method.name), ("status_class", family.rawValue)]
                return Counter(label: Name.requests, dimensions: dimensions, factory: factory)
            }
            let others = StatusFamily.allCases.map { counter(.other, $0) }
            counters = HTTPMethod.allCases.flatMap { method in
                route.methods.contains(method) ? StatusFamily.allCases.map { counter(method, $0) } : others
            }
            duration = Timer(label: Name.requestDuration, dimensions: place, factory: factory)
        }
    }

    /// By the route's place; nil where the side does not have it.
    private let routes: [RouteHandles?]
    private let connections: Gauge
    private let refused: Counter

    /// One for each server; `families` must be declared with the factory before.
    package init(side: ServerSide, factory: any MetricsFactory) {
        let server = ("server", side.rawValue)
        routes = Route.allCases.map { route in
            guard side.routes.contains(route) else { return nil }
            return RouteHandles(route, [server, ("route", route.template)], factory)
        }
        connections = Gauge(label: Name.connections, dimensions: [server], factory: factory)
        refused = Counter(label: Name.connectionsRefused, dimensions: [server], factory: factory)
    }

    func answered(_ route: Route, _ method: HTTPMethod, _ status: HTTPStatus, took: TimeAmount) {
        guard let handles = routes[route.rawValue] else { return }
        handles.counters[method.rawValue * StatusFamily.count + status.family.place].increment()
        handles.duration.recordNanoseconds(took.nanoseconds)
    }

    func open(connections count: Int) { connections.record(count) }
    func refusedConnection() { refused.increment() }
}
