// "The provider answered 401 to this token": the merchant's report, and the renewal that follows.
package import BursarCore

extension Gateway {
    /// When the token is the current one of a slot that the client may use, renews it by the provider's
    /// ladder and returns when that has ended; anything else returns at once. A report about a former token
    /// does nothing, so that a hundred callers who report the same one cause one renewal.
    package func reportRejected(
        _ token: Secret, proof: ClientProof, tenant named: TenantID?, trace: RequestTrace? = nil
    ) async -> Answer<Void> {
        let start = environment.clock.now()
        var limit: LimitState?
        do throws(Rejection) {
            let client = try await knownClient(proof, now: start)
            let now = environment.clock.now()
            let tenants = try reportable(by: client, named: named)
            if let first = tenants.first { limit = try spend(of: first, client: client.id, now: now) }
            for tenant in tenants {
                guard let (cell, demand) = renewal(of: token, in: tenant, client: client, at: now) else {
                    continue
                }
                _ = await desk.token(cell, demand, tenant: tenant.id, now: now, trace: trace)
                break
            }
            return Answer(result: .success(()), limit: limit)
        } catch {
            usage.count(error.usageKey, since: start, at: environment.clock.now())
            return Answer(result: .failure(error.refusal), limit: error.limit ?? limit)
        }
    }

    private func knownClient(_ proof: ClientProof, now: Instant) async throws(Rejection) -> ClientEntry {
        do throws(Rejection) {
            return try authenticate(proof, now: now).client
        } catch {
            guard error.mayBeStale else { throw error }
            switch await follower.lookUp() {
            case .done: return try authenticate(proof, now: now).client
            case .skipped: throw error
            case .unavailable: throw Rejection(refusal: .directoryUnavailable)
            }
        }
    }

    private func reportable(by client: ClientEntry, named: TenantID?) throws(Rejection) -> [TenantEntry] {
        if let named {
            let tenant = client.tenant(named: named).flatMap { directory.tenant($0) }
            return [try active(tenant, of: client, named: named)]
        }
        return client.tenants.compactMap { directory.tenant($0) }.filter { $0.terms.state == .active }
    }

    /// The slot that has to bring another token in place of a current one. The former credential's token is
    /// replaced by its own slot where callers live on it; where it merely stands in, by the present one's,
    /// which is asked for already.
    private func renewal(
        of token: Secret, in tenant: TenantEntry, client: ClientEntry, at now: Instant
    ) -> (SlotCell, TokenDemand)? {
        for connection in tenant.connections {
            guard (try? check(connection, origin: nil, caller: client)) != nil else { continue }
            if let (cell, held) = slot(of: token, among: connection) {
                return (cell, TokenDemand(newerThan: held.generation))
            }
            guard let fallback = connection.fallback, let (kept, held) = slot(of: token, among: fallback)
            else { continue }
            let demand = TokenDemand(newerThan: held.generation)
            if connection.isServedByFormer(at: now) { return (kept, demand) }
            return connection.knownCell(scope: kept.context.scope).map { ($0, demand) }
        }
        return nil
    }

    private func slot(of token: Secret, among connection: ConnectionEntry) -> (SlotCell, Token)? {
        for cell in connection.knownCells {
            if let held = cell.snapshot().heldToken, held.access == token { return (cell, held) }
        }
        return nil
    }
}
