// Asks the provider: by the refresh token where there is one, else with id and secret.
internal import BursarCore
internal import BursarVault
internal import Logging
internal import Tracing

/// The provider's ladder (PROVIDERS T2): refresh once; if that fails, a full exchange. Every step is an
/// event.
struct Exchanger: Sendable {
    let client: any ProviderClient
    let vault: Vault
    let secrets: any SecretReferences
    let usage: UsageRecorder
    let environment: GatewayEnvironment

    /// A new token of a generation above `known`, in place of `former`.
    func obtain(
        _ order: FlightOrder, former: Token.Remains?, known: Generation
    ) async throws(ExchangeFailure) -> Token {
        let context = order.cell.context
        let (clientID, secret) = try openCredential(context)
        let now = environment.clock.now()
        let ahead: Duration =
            switch order.flight.cause {
            case .renewal, .keepWarm: former?.lifetime ?? .zero
            case .cold, .rejected: .zero
            }
        if let endpoint = context.profile.refresh, let refresh = former?.refresh,
            refresh.isUsable(at: now, ahead: ahead)
        {
            let report = await ask(order, clientID, secret, .refresh(refresh.token))
            if case .success(let reply) = report.result {
                let grant = renewedGrant(reply, endpoint, former: refresh, at: now)
                return token(reply, sentAt: now, known: known, refresh: grant)
            }
        }
        let sentAt = environment.clock.now()
        guard sentAt < order.flight.deadline else { throw ExchangeFailure(.timedOut) }
        let reply = try await ask(order, clientID, secret, .full).result.get()
        return token(reply, sentAt: sentAt, known: known, refresh: firstGrant(reply, context, at: sentAt))
    }

    private func openCredential(
        _ context: FlightContext
    ) throws(ExchangeFailure) -> (clientID: String, secret: Secret) {
        let credential = context.credential
        guard let clientID = credential.clientID else { throw ExchangeFailure(.secretUnavailable) }
        do {
            switch credential.secret {
            case .sealed(let sealed):
                let place = Credential.secretPlace(
                    owner: credential.owner, provider: credential.provider, id: credential.id,
                    version: credential.version)
                return (clientID, try vault.open(sealed, with: context.keys.all, at: place))
            case .reference(let reference): return (clientID, try secrets.read(reference))
            case .missing: throw ExchangeFailure(.secretUnavailable)
            }
        } catch {
            environment.logger.error(
                "a credential's secret cannot be read",
                metadata: ["credential_id": "\(credential.id)", "error": "\(error)"])
            throw ExchangeFailure(.secretUnavailable)
        }
    }

    private func ask(
        _ order: FlightOrder, _ clientID: String, _ secret: Secret, _ step: TokenGrant.Step
    ) async -> ExchangeReport<TokenReply> {
        let (context, fields) = (order.cell.context, order.cell.key.fields)
        let now = environment.clock.now()
        let deadline = min(context.profile.limits.timeout, order.flight.deadline - now)
        let grant = TokenGrant(
            profile: context.profile, environment: fields.environment, clientID: clientID,
            clientSecret: secret, scope: context.scope, step: step, deadline: deadline)
        let report = await environment.traced(TraceName.exchange, under: nil, kind: .client) { span in
            fields.describe(on: span)
            span?.attributes[TraceName.step] = step.event.rawValue
            let report = await client.exchange(grant)
            report.describe(on: span)
            return report
        }
        usage.record(event(of: order, step, report, at: now))
        return report
    }

    private func event(
        of order: FlightOrder, _ step: TokenGrant.Step, _ report: ExchangeReport<TokenReply>, at now: Instant
    ) -> RefreshEvent {
        let fields = order.cell.key.fields
        let (failure, lifetime): (FailureReason?, Duration?) =
            switch report.result {
            case .success(let reply): (nil, reply.lifetime)
            case .failure(let failure): (failure.reason, nil)
            }
        let tenant =
            order.tenant ?? (order.cell.context.credential.isPlatform ? nil : TenantID(fields.owner.uuid))
        return RefreshEvent(
            id: environment.makeID(at: now), at: now, owner: fields.owner, tenant: tenant,
            provider: fields.provider, environment: fields.environment, credential: fields.credential,
            cause: order.flight.cause, step: step.event, failure: failure, status: report.status,
            latency: report.latency, lifetime: lifetime)
    }

    // MARK: Tokens

    private func token(
        _ reply: TokenReply, sentAt: Instant, known: Generation, refresh: RefreshGrant?
    ) -> Token {
        Token(
            access: reply.accessToken, issuedAt: sentAt, expiresAt: sentAt + reply.lifetime,
            generation: known.next(at: sentAt), jitter: environment.random.fraction(), refresh: refresh)
    }

    private func firstGrant(_ reply: TokenReply, _ context: FlightContext, at sentAt: Instant)
        -> RefreshGrant?
    {
        guard let endpoint = context.profile.refresh, let token = reply.refreshToken else { return nil }
        return RefreshGrant(token: token, until: sentAt + endpoint.refreshTokenLifetime)
    }

    /// A reply without a refresh token keeps the former one and its deadline; one with a new one replaces
    /// both.
    private func renewedGrant(
        _ reply: TokenReply, _ endpoint: RefreshEndpoint, former: RefreshGrant, at sentAt: Instant
    ) -> RefreshGrant {
        guard let token = reply.refreshToken else { return former }
        return RefreshGrant(token: token, until: sentAt + endpoint.refreshTokenLifetime)
    }
}

extension TokenGrant.Step {
    fileprivate var event: RefreshEvent.Step {
        switch self {
        case .full: .full
        case .refresh: .refresh
        }
    }
}
