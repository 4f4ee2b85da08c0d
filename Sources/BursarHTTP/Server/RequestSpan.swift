// The span around a request, named after OpenTelemetry's conventions for HTTP servers.
internal import BursarCore
internal import NIOHTTP1
internal import Tracing

enum RequestSpan {
    /// Below the caller's own span, where it names one. Holds the route, never the path or the query.
    static func start(
        by tracer: any Tracer, of headers: HTTPHeaders, _ method: HTTPMethod, _ route: Route,
        _ id: RequestID, side: ServerSide
    ) -> any Span {
        var context = ServiceContext.topLevel
        tracer.extract(headers, into: &context, using: HeaderExtractor())
        let name = "\(method.name) \(route.template)"
        let span = tracer.startAnySpan(name, context: context, ofKind: .server)
        span.attributes["http.request.method"] = method.name
        span.attributes["http.route"] = route.template
        span.attributes["bursar.server"] = side.rawValue
        span.attributes["bursar.request_id"] = id.description
        return span
    }
}

extension Span {
    func end(with status: HTTPStatus) {
        attributes["http.response.status_code"] = status.rawValue
        if status.rawValue >= 500 { setStatus(SpanStatus(code: .error)) }
        end()
    }

    /// The answer ends half-way.
    func breakOff() {
        attributes["error.type"] = "truncated"
        setStatus(SpanStatus(code: .error))
    }

    /// The caller has gone before its answer.
    func endUnanswered() {
        attributes["error.type"] = "caller_gone"
        setStatus(SpanStatus(code: .error))
        end()
    }
}

private struct HeaderExtractor: Extractor {
    func extract(key: String, from headers: HTTPHeaders) -> String? { headers.first(name: key) }
}
