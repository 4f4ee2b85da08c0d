// Tokens for one customer and one invoice: recorded, asked for anew each time, never cached.
internal import BursarCore
internal import BursarVault
internal import Logging
internal import Tracing

/// What the merchant states and wants (PROVIDERS A1, A4).
package struct ScopedRequest: Sendable {
    package var token: TokenRequest
    /// The members of the caller's JSON.
    package var members: [String: String]

    package init(token: TokenRequest, members: [String: String]) {
        self.token = token
        self.members = members
    }

    /// The member in which the merchant names the end user whom it verified.
    package static let subject = "subject"
    /// Characters of one member: ids are short, and the provider gets what we get.
    package static let memberLimit = 256
    /// Time in line for one request to the provider.
    static let longestLine: Duration = .seconds(5)
    /// The HTTP side gives up after 60 s: no renewal begins that could end, with all that follows, later.
    static let longest: Duration = .seconds(55)
}

extension Gateway {
    /// A scoped token. The merchant's statement is durable before the provider is asked.
    package func scopedToken(_ request: ScopedRequest) async -> Answer<ServedScopedToken> {
        let startedAt = environment.clock.now()
        do throws(Rejection) {
            let admitted = try await admit(request.token)
            do throws(Refusal) {
                let served = try await obtainScoped(request, admitted, startedAt: startedAt)
                do throws(Rejection) { try stillStands(admitted, request.token) } catch {
                    throw error.refusal
                }
                let now = environment.clock.now()
                usage.count(
                    admitted.usageKey(.answeredScoped), since: startedAt, at: now, of: now + served.lifetime)
                return Answer(result: .success(served), limit: admitted.limit)
            } catch {
                throw admitted.rejection(error)
            }
        } catch {
            let now = environment.clock.now()
            usage.count(error.usageKey, since: startedAt, at: now)
            return Answer(result: .failure(error.refusal), limit: error.limit)
        }
    }

    private func obtainScoped(
        _ request: ScopedRequest, _ admitted: Admitted, startedAt: Instant
    ) async throws(Refusal) -> ServedScopedToken {
        let entry = admitted.connection
        guard let endpoint = entry.profile.scoped else { throw .scopedUnsupported }
        for name in [ScopedRequest.subject] + endpoint.callerMembers where request.members[name] == nil {
            throw .memberMissing(name)
        }
        try await recordStatement(request, endpoint, admitted)
        let (token, holder) = try await token(admitted, request.token, request.token.demand)
        do throws(ExchangeFailure) {
            return try await exchange(request, holder, token)
        } catch  where error.reason == .tokenRefused && mayRenew(admitted, startedAt: startedAt) {
            // The provider no longer takes the tenant's token: renew it and try once more.
            let (renewed, holder) = try await self.token(
                admitted, request.token, TokenDemand(newerThan: token.generation))
            do throws(ExchangeFailure) {
                return try await exchange(request, holder, renewed)
            } catch {
                throw .unavailable(error.reason, retryAfter: error.retryAfter ?? .seconds(1))
            }
        } catch {
            throw .unavailable(error.reason, retryAfter: error.retryAfter ?? .seconds(1))
        }
    }

    /// Whether a renewal and a second try would end in time.
    private func mayRenew(_ admitted: Admitted, startedAt: Instant) -> Bool {
        let profile = admitted.connection.profile
        let needed = profile.flightBudget + ScopedRequest.longestLine + profile.limits.timeout
        return environment.clock.now() + needed <= startedAt + ScopedRequest.longest
    }

    /// Past the breaker and in line like every other request to a provider.
    private func exchange(
        _ request: ScopedRequest, _ admitted: Admitted, _ token: Token
    ) async throws(ExchangeFailure) -> ServedScopedToken {
        let (profile, credential) = (admitted.connection.profile, admitted.connection.credential)
        let deadline = environment.clock.now() + ScopedRequest.longestLine
        let errand = ProviderAccess.Errand(
            host: profile.host(of: .scoped, in: credential.environment), credential: credential.id,
            step: .scoped, timeout: profile.limits.timeout, deadline: deadline)
        let asked = try await access.inTurn(errand) { turn in
            await access.inLine(profile, credential.environment, by: deadline) {
                () async -> Result<ProviderAccess.Asked<ScopedReply>, ExchangeFailure> in
                do throws(ExchangeFailure) {
                    return .success(
                        try await access.ask(errand, turn) { await send(request, admitted, token) })
                } catch {
                    return .failure(error)
                }
            }
        }
        guard let asked = try asked?.get() else { throw ExchangeFailure(.overloaded) }
        usage.record(event(asked.report, admitted, at: asked.at))
        let reply = try asked.report.result.get()
        return ServedScopedToken(token: reply.token, lifetime: reply.lifetime)
    }

    private func send(
        _ request: ScopedRequest, _ admitted: Admitted, _ token: Token
    ) async -> ExchangeReport<ScopedReply> {
        let entry = admitted.connection
        var values = request.members
        values["client_id"] = entry.credential.clientID
        values["business_uuid"] = admitted.tenant.id.description
        let grant = ScopedGrant(
            profile: entry.profile, environment: entry.environment, accessToken: token.access,
            values: values, deadline: entry.profile.limits.timeout,
            now: environment.clock.now())
        let trace = request.token.trace?.context
        return await environment.traced(TraceName.exchange, under: trace, kind: .client) { span in
            entry.credential.describe(on: span)
            span?.attributes[TraceName.step] = RefreshEvent.Step.scoped.rawValue
            let report = await world.client.scopedToken(grant)
            report.describe(on: span)
            return report
        }
    }

    private func event(
        _ report: ExchangeReport<ScopedReply>, _ admitted: Admitted, at now: Instant
    ) -> RefreshEvent {
        let (failure, lifetime): (FailureReason?, Duration?) =
            switch report.result {
            case .success(let reply): (nil, reply.lifetime)
            case .failure(let failure): (failure.reason, nil)
            }
        let entry = admitted.connection
        return RefreshEvent(
            id: environment.makeID(at: now), at: now, owner: entry.credential.owner,
            tenant: admitted.tenant.id, provider: entry.profile.id,
            environment: entry.environment, credential: entry.credential.id, cause: .cold,
            step: .scoped, failure: failure, status: report.status, latency: report.latency,
            lifetime: lifetime)
    }

    private func recordStatement(
        _ request: ScopedRequest, _ endpoint: ScopedEndpoint, _ admitted: Admitted
    ) async throws(Refusal) {
        let now = environment.clock.now()
        let tenant = admitted.tenant.id
        do {
            guard let key = directory.newestKey(of: OwnerID(tenant)) else {
                throw VaultError.dataKeyMissing(version: 0)
            }
            var hashes: [String: [UInt8]] = [:]
            for name in endpoint.callerMembers where name != ScopedRequest.subject {
                hashes[name] = try vault.personalHash(request.members[name] ?? "", field: name, with: key)
            }
            let subject = try vault.personalHash(
                request.members[ScopedRequest.subject] ?? "", field: ScopedRequest.subject, with: key)
            try await world.statements.record(
                ScopedStatement(
                    id: environment.makeID(at: now), at: now, tenant: tenant, client: admitted.client,
                    provider: admitted.connection.profile.id,
                    environment: admitted.connection.environment, subjectHash: subject,
                    memberHashes: hashes))
        } catch {
            environment.logger.error(
                "a scoped token's statement cannot be recorded", metadata: ["error": "\(error)"])
            throw .statementUnrecorded
        }
    }
}
