// The span around a request, named after OpenTelemetry's conventions for HTTP servers.
internal import BursarCore
internal import NIOHTTP1
internal import Tracing

/// An object, so that a request that has none does not pay for what one might be.
final class RequestSpan: Sendable {
    private let span: any Span

    /// Below the caller's own span, where it names one. Holds the route, never the path or the query.
    init(
        by tracer: any Tracer, of headers: HTTPHeaders, _ method: HTTPMethod, _ route: Route,
        _ id: RequestID, side: ServerSide
    ) {
        var context = ServiceContext.topLevel
        tracer.extract(headers, into: &context, using: HeaderExtractor())
        let name = "\(method.name) \(route.template)"
        span = tracer.startAnySpan(name, context: context, ofKind: .server)
        span.attributes["http.request.method"] = method.name
        span.attributes["http.route"] = route.template
        span.attributes["bursar.server"] = side.rawValue
        span.attributes["bursar.request_id"] = id.description
    }

    var context: ServiceContext { span.context }

    func end(with status: HTTPStatus) {
        span.attributes["http.response.status_code"] = status.rawValue
        if status.rawValue >= 500 { span.setStatus(SpanStatus(code: .error)) }
        span.end()
    }

    /// The answer ends half-way.
    func breakOff() {
        span.attributes["error.type"] = "truncated"
        span.setStatus(SpanStatus(code: .error))
    }

    /// The caller has gone before its answer.
    func endUnanswered() {
        span.attributes["error.type"] = "caller_gone"
        span.setStatus(SpanStatus(code: .error))
        span.end()
    }
}

private struct HeaderExtractor: Extractor {
    func extract(key: String, from headers: HTTPHeaders) -> String? { headers.first(name: key) }
}
