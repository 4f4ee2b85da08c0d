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
    let access: ProviderAccess
    let environment: GatewayEnvironment

    /// A new token of a generation above `known`, in place of `former`.
    func obtain(
        _ order: FlightOrder, _ turn: ProviderAccess.Turn, former: Token.Remains?, known: Generation
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
            // Whatever comes of it, the full exchange follows.
            if let asked = try? await ask(order, turn, clientID, secret, .refresh(refresh.token)),
                case .success(let reply) = asked.report.result
            {
                let grant = renewedGrant(reply, endpoint, former: refresh, at: asked.at)
                return token(reply, sentAt: asked.at, known: known, refresh: grant)
            }
        }
        let asked = try await ask(order, turn, clientID, secret, .full)
        let reply = try asked.report.result.get()
        return token(
            reply, sentAt: asked.at, known: known, refresh: firstGrant(reply, context, at: asked.at))
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
        _ order: FlightOrder, _ turn: ProviderAccess.Turn, _ clientID: String, _ secret: Secret,
        _ step: TokenGrant.Step
    ) async throws(ExchangeFailure) -> ProviderAccess.Asked<TokenReply> {
        // The lease may be another's by then.
        guard environment.clock.now() < order.flight.deadline else { throw ExchangeFailure(.timedOut) }
        let errand = order.errand(step.event, by: order.turnDeadline)
        let asked = try await access.ask(errand, turn) { await send(order, clientID, secret, step) }
        usage.record(event(of: order, step, asked.report, at: asked.at))
        return asked
    }

    private func send(
        _ order: FlightOrder, _ clientID: String, _ secret: Secret, _ step: TokenGrant.Step
    ) async -> ExchangeReport<TokenReply> {
        let context = order.cell.context
        let left = order.flight.deadline - environment.clock.now()
        let grant = TokenGrant(
            profile: context.profile, environment: context.credential.environment, clientID: clientID,
            clientSecret: secret, scope: context.scope, step: step,
            deadline: min(context.profile.limits.timeout, left))
        return await environment.traced(TraceName.exchange, under: nil, kind: .client) { span in
            context.credential.describe(on: span)
            span?.attributes[TraceName.step] = step.event.rawValue
            let report = await client.exchange(grant)
            report.describe(on: span)
            return report
        }
    }

    private func event(
        of order: FlightOrder, _ step: TokenGrant.Step, _ report: ExchangeReport<TokenReply>, at now: Instant
    ) -> RefreshEvent {
        let fields = order.cell.context.fields
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
