// While a connection's credential changes over: when callers get the former one's token.
internal import BursarCore

extension Gateway {
    /// The same request by the credential that the connection's present one replaced; nil where none is kept,
    /// or where its token may not go to this client. For use only when the provider says that the present
    /// one is wrong: whatever else goes wrong would go wrong with the former one, too.
    func former(of admitted: Admitted) -> Admitted? {
        guard let fallback = admitted.connection.fallback,
            (try? check(fallback, origin: nil, client: admitted.client)) != nil
        else { return nil }
        return admitted.by(fallback)
    }

    /// A good token of the former credential that is in memory, while the present one has none yet: the
    /// caller need not wait. The present one is asked with meanwhile, the former one never.
    func spare(
        for demand: TokenDemand, _ admitted: Admitted, insteadOf cell: SlotCell, now: Instant,
        trace: RequestTrace?
    ) -> (token: Token, former: Admitted)? {
        guard admitted.connection.fallback != nil, let former = former(of: admitted),
            let kept = former.connection.knownCell(scope: admitted.scope),
            let token = cell.yields(to: kept, for: demand, at: now)
        else { return nil }
        desk.warmUp(cell, tenant: admitted.tenant.tenant.id, now: now, trace: trace)
        return (token, former)
    }

    /// The same for callers that can await, with whose credential the token was had.
    func token(
        _ admitted: Admitted, _ demand: TokenDemand, _ trace: RequestTrace?
    ) async throws(Refusal) -> (Token, Admitted) {
        let cell: SlotCell
        do throws(ProfileGap) {
            cell = try admitted.connection.cell(scope: admitted.scope, desk: desk)
        } catch {
            throw .profileIncomplete
        }
        let now = environment.clock.now()
        if let spare = spare(for: demand, admitted, insteadOf: cell, now: now, trace: trace) { return spare }
        let tenant = admitted.tenant.tenant.id
        switch await desk.token(cell, demand, tenant: tenant, now: now, trace: trace) {
        case .serve(let token, _): return (token, admitted)
        case .refuse(let failure, let retryAfter):
            guard failure.reason.quarantines, let former = former(of: admitted) else {
                throw .refused(failure, retryAfter)
            }
            return try await self.token(former, demand, trace)
        }
    }
}
