// The span around a request: its route and its end, never its query.
import InMemoryTracing
import NIOCore
import Testing
import Tracing

@testable import BursarHTTP

@Suite struct RequestSpanTests {
    private let tracer = InMemoryTracer()

    private func finished() throws -> FinishedInMemorySpan {
        try #require(tracer.finishedSpans.count == 1)
        return tracer.finishedSpans[0]
    }

    private func text(_ name: String, of span: FinishedInMemorySpan) -> String? {
        switch span.attributes[name]?.toSpanAttribute() {
        case .string(let text): text
        case .int64(let number): "\(number)"
        default: nil
        }
    }

    @Test func aSpanNamesTheRouteAndTheStatusAndHoldsNoQuery() throws {
        let connection = try EmbeddedConnection(tracer: tracer)
        try connection.send("GET /livez?access_token=canary HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try connection.received()
        let span = try finished()
        #expect(span.operationName == "GET \(text("http.route", of: span) ?? "")" && span.kind == .server)
        #expect(text("http.request.method", of: span) == "GET")
        #expect(answer.contains(" \(text("http.response.status_code", of: span) ?? "?") "))
        #expect(answer.contains("X-Request-Id: \(text("bursar.request_id", of: span) ?? "?")"))
        var all = span.operationName
        span.attributes.forEach { all += "\($0)=\($1)" }
        #expect(!all.contains("canary"))
    }

    @Test func aSpanStandsBelowTheCallersOwn() throws {
        let connection = try EmbeddedConnection(tracer: tracer)
        let (trace, parent) = (InMemoryTracer.traceIDKey, InMemoryTracer.spanIDKey)
        try connection.send("GET /livez HTTP/1.1\r\nHost: a\r\n\(trace): t1\r\n\(parent): s1\r\n\r\n")
        let span = try finished()
        #expect(span.traceID == "t1" && span.parentSpanID == "s1")
    }

    @Test func aCallerWhoGoesEndsItsSpan() throws {
        let connection = try EmbeddedConnection(tracer: tracer)
        try connection.send("GET /v1/token HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(tracer.activeSpans.count == 1)
        try connection.channel.close().wait()
        #expect(text("error.type", of: try finished()) == "caller_gone" && tracer.activeSpans.isEmpty)
    }
}
