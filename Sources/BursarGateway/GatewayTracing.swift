// Spans around what a request waits for. Without a tracer they cost a look at a nil.
internal import BursarCore
internal import Tracing

/// Names of spans and their attributes, after OpenTelemetry's conventions where there are some. No value is
/// ever a secret, a token, a query or a provider's words.
package enum TraceName {
    package static let flight = "flight"
    package static let exchange = "exchange"
    package static let provider = "bursar.provider"
    package static let environment = "bursar.environment"
    package static let credential = "bursar.credential_id"
    package static let cause = "bursar.cause"
    package static let step = "bursar.step"
    package static let outcome = "bursar.outcome"
    package static let status = "http.response.status_code"
    package static let error = "error.type"
}

extension GatewayEnvironment {
    /// Runs `body` in a span below `parent`, or below the caller's own where there is none.
    func traced<R>(
        _ name: String, under parent: ServiceContext?, kind: SpanKind,
        _ body: ((any Span)?) async -> R
    ) async -> R {
        guard let tracer else { return await body(nil) }
        let context = parent ?? .current ?? .topLevel
        return await tracer.withAnySpan(name, context: context, ofKind: kind) { span in await body(span) }
    }
}

extension CredentialEntry {
    /// Whom a flight or an exchange is about.
    func describe(on span: (any Span)?) {
        guard let span else { return }
        span.attributes[TraceName.provider] = provider.text
        span.attributes[TraceName.environment] = environment.rawValue
        span.attributes[TraceName.credential] = id.description
    }
}

extension ExchangeFailure {
    func describe(on span: (any Span)?) {
        guard let span else { return }
        span.attributes[TraceName.outcome] = reason.rawValue
        span.attributes[TraceName.error] = reason.rawValue
        span.setStatus(SpanStatus(code: .error))
    }
}

extension ExchangeReport {
    func describe(on span: (any Span)?) {
        guard let span else { return }
        if let status { span.attributes[TraceName.status] = status }
        switch result {
        case .success: span.attributes[TraceName.outcome] = "ok"
        case .failure(let failure): failure.describe(on: span)
        }
    }
}
