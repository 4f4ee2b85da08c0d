// Spans around flights and exchanges: who caused what, and nothing that is secret.
import BursarCore
import BursarGateway
import BursarTestSupport
import InMemoryTracing
import Testing
import Tracing

@Suite struct TracingTests {
    private let tracer = InMemoryTracer()
    private let fixture: GatewayFixture
    private let merchant: TestMerchant

    init() {
        var options = GatewayFixture.Options()
        options.tracer = tracer
        fixture = GatewayFixture(options)
        merchant = fixture.addMerchant()
    }

    /// Asks as a request with a span of its own does; returns that span's id.
    private func ask() -> String {
        let span = tracer.startSpan("request", context: .topLevel, ofKind: .server)
        var request = merchant.client.request
        request.trace = RequestTrace(id: RequestID(number: 7), context: span.context)
        fixture.ask(request)
        span.end()
        return span.spanID
    }

    private func attribute(_ name: String, of span: FinishedInMemorySpan) -> String? {
        if case .string(let text) = span.attributes[name]?.toSpanAttribute() { return text }
        return nil
    }

    @Test func aFlightStandsBelowItsRequestAndTheExchangeBelowTheFlight() throws {
        let request = ask()
        let spans = tracer.finishedSpans
        let flight = try #require(spans.first { $0.operationName == TraceName.flight })
        let exchange = try #require(spans.first { $0.operationName == TraceName.exchange })
        #expect(flight.parentSpanID == request && exchange.parentSpanID == flight.spanID)
        #expect(exchange.kind == .client)
        #expect(attribute(TraceName.provider, of: flight) == "zertiban")
        #expect(attribute(TraceName.cause, of: flight) == "cold")
        #expect(attribute(TraceName.outcome, of: flight) == "provider")
        #expect(attribute(TraceName.step, of: exchange) == "full")
        #expect(attribute(TraceName.outcome, of: exchange) == "ok")
    }

    @Test func aHitHasNoSpansOfItsOwn() {
        _ = ask()
        tracer.clearFinishedSpans()
        _ = ask()
        #expect(tracer.finishedSpans.map(\.operationName) == ["request"])
    }

    @Test func aFailureShowsItsReason() throws {
        fixture.provider.behave { _ in .fail(ExchangeFailure(.serverError)) }
        _ = ask()
        for name in [TraceName.flight, TraceName.exchange] {
            let span = try #require(tracer.finishedSpans.first { $0.operationName == name })
            #expect(span.status?.code == .error)
            #expect(attribute(TraceName.error, of: span) == "server_error")
        }
    }

    @Test func aRenewalStandsByItself() throws {
        _ = ask()
        tracer.clearFinishedSpans()
        fixture.advance(by: .seconds(240))
        let flight = try #require(tracer.finishedSpans.first { $0.operationName == TraceName.flight })
        #expect(flight.parentSpanID == nil && attribute(TraceName.cause, of: flight) == "renewal")
    }

    @Test func noSpanHoldsASecretOrATenant() {
        _ = ask()
        fixture.provider.behave { _ in .fail(ExchangeFailure(.invalidClient)) }
        fixture.advance(by: .seconds(400))
        _ = ask()
        let text = tracer.finishedSpans.map { span in
            var text = span.operationName
            span.attributes.forEach { text += " \($0)=\($1)" }
            return text + "\(span.errors) \(span.events)"
        }.joined()
        #expect(text.contains("invalid_client") && !text.contains(merchant.tenant.description))
        #expect(!text.contains(merchant.client.secret.revealText()) && !text.contains("access-"))
    }
}
