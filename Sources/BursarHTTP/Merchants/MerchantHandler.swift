// The merchant side: which path asks what.
internal import BursarCore
package import BursarGateway
internal import ServiceContextModule

/// Reads requests, asks the gateway, writes answers.
package final class MerchantHandler: HTTPHandler {
    private let gateway: Gateway
    private let metadata: ServerMetadata
    private let routes: RouteTable

    package init(gateway: Gateway, settings: MerchantSettings) {
        self.gateway = gateway
        metadata = ServerMetadata(issuer: settings.publicURL)
        let own: [Route] = [.oauthToken, .token, .paymentToken, .checkoutAuth, .oauthRevoke, .live, .ready]
        let pairs = own.map { ($0.template, $0) } + metadata.paths.map { ($0, Route.metadata) }
        routes = RouteTable(pairs)
    }

    package func route(_ path: Substring) -> Route { routes.route(path) }

    package func handle(_ request: HTTPRequest, respond: HTTPResponder) -> (@Sendable () -> Void)? {
        let area = request.route.area
        do throws(RequestFault) {
            guard request.route != .unknown else { throw .pathUnknown }
            guard request.route.methods.contains(request.method) else {
                throw .methodNotAllowed(request.route.methods)
            }
            return try answer(request, area, respond)
        } catch {
            if request.route.isForTokens { gateway.countMalformed() }
            respond(error.answer(area).response())
            return nil
        }
    }

    package func refuse(_ fault: HTTPFault, route: Route) -> HTTPResponse {
        if route.isForTokens || route == .unreadable, fault != .unanswered { gateway.countMalformed() }
        return fault.answer.response()
    }

    private func answer(
        _ request: HTTPRequest, _ area: Area, _ respond: HTTPResponder
    ) throws(RequestFault) -> (@Sendable () -> Void)? {
        switch request.route {
        case .oauthToken: return try oauthToken(request, respond)
        case .token:
            return token(try TokenCall(request, area: area, form: FormMembers()), respond, .detailed)
        case .paymentToken:
            return token(try TokenCall(request, area: area, form: FormMembers()), respond, .payment)
        case .checkoutAuth: checkout(try CheckoutCall(request), respond)
        case .oauthRevoke: try report(request, respond)
        case .metadata: respond(HTTPResponse(.ok, json: metadata.json))
        case .live: respond(HealthAnswers.live())
        case .ready: respond(HealthAnswers.ready(gateway.readiness))
        case .metrics, .version, .openAPI, .usageReport, .unknown, .unreadable: throw .pathUnknown
        }
        return nil
    }

    // MARK: Tokens

    private func oauthToken(
        _ request: HTTPRequest, _ respond: HTTPResponder
    ) throws(RequestFault) -> (@Sendable () -> Void)? {
        let form = try TokenCall.form(request)
        let call = try TokenCall(request, area: .oauth, form: form)
        guard let grantType = form.bytes("grant_type") else { throw .grantTypeMissing }
        let isKnown = grantType.withUnsafeBytes { isSame($0, "client_credentials") }
        guard isKnown else { throw .grantTypeUnsupported }
        return token(call, respond, .oauth)
    }

    private func token(
        _ call: TokenCall, _ respond: HTTPResponder, _ form: TokenAnswer.Form
    ) -> (@Sendable () -> Void)? {
        switch gateway.token(call.request) {
        case .answered(let answer):
            send(answer, respond, call.area, call.scheme, form)
            return nil
        case .later(let pending):
            let (area, scheme) = (call.area, call.scheme)
            let waiting = gateway.answer(pending) { answer in
                send(answer, respond, area, scheme, form)
            }
            guard let waiting else { return nil }
            return { waiting.cancel() }
        }
    }

    // MARK: What takes its time

    /// These tasks end by themselves, within the gateway's own deadlines, and there is at most one for each
    /// connection that waits. When the caller goes, what was begun goes on; only the answer is dropped.
    private func checkout(_ checkout: CheckoutCall, _ respond: HTTPResponder) {
        let request = ScopedRequest(token: checkout.call.request, members: checkout.members)
        Task(executorPreference: gateway.environment.executor) { [gateway] in
            let answer = await ServiceContext.within(request.token.trace?.context) {
                await gateway.scopedToken(request)
            }
            respond(answer.response(checkout.call.area, checkout.call.scheme, ScopedAnswers.scoped))
        }
    }

    private func report(_ request: HTTPRequest, _ respond: HTTPResponder) throws(RequestFault) {
        let form = try TokenCall.form(request)
        _ = try TokenCall.query(request)
        let caller = try CallerProof(request, form: form)
        guard !request.fields.repeated.contains(.tenant) else { throw .fieldRepeated("x-tenant-id") }
        let tenant = try TokenCall.tenant(request.fields.tenant)
        guard let token = form.secret("token") else { throw .tokenMissing }
        Task(executorPreference: gateway.environment.executor) { [gateway] in
            let trace = RequestTrace(id: request.id, context: request.context)
            let answer = await ServiceContext.within(request.context) {
                await gateway.reportRejected(token, proof: caller.proof, tenant: tenant, trace: trace)
            }
            respond(answer.response(.oauth, caller.scheme) { ScopedAnswers.reported() })
        }
    }
}

private func send(
    _ answer: Answer<ServedToken>, _ respond: HTTPResponder, _ area: Area, _ scheme: AuthenticationScheme,
    _ form: TokenAnswer.Form
) {
    switch answer.result {
    case .success(let served): respond(TokenAnswer(form: form, served: served, limit: answer.limit))
    case .failure(let refusal):
        respond(refusal.answer(area, scheme: scheme).response(limit: answer.limit.map(LimitFields.init)))
    }
}

extension Route {
    /// Paths without an area of their own answer as the API does.
    fileprivate var area: Area {
        switch self {
        case .oauthToken, .oauthRevoke: .oauth
        case .token, .paymentToken, .checkoutAuth, .metadata, .live, .ready, .metrics, .version, .openAPI,
            .usageReport, .unknown, .unreadable:
            .api
        }
    }
}

extension Answer {
    /// The gateway's answer with the limit that it was given under.
    fileprivate func response(
        _ area: Area, _ scheme: AuthenticationScheme, _ render: (Value) -> HTTPResponse
    ) -> HTTPResponse {
        let fields = limit.map(LimitFields.init)
        switch result {
        case .success(let value):
            var response = render(value)
            fields?.add(to: &response)
            return response
        case .failure(let refusal):
            return refusal.answer(area, scheme: scheme).response(limit: fields)
        }
    }
}

extension ServiceContext {
    /// Runs `body` within a request's span, where it has one.
    fileprivate static func within<R>(
        _ context: ServiceContext?, _ body: () async -> R
    ) async -> R {
        guard let context else { return await body() }
        return await ServiceContext.withValue(context) { await body() }
    }
}
