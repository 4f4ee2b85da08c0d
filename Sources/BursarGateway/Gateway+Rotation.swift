// While a connection's credential changes over: when callers get the former one's token.
internal import BursarCore

extension Gateway {
    /// The same request by the credential that the connection's present one replaced; nil where none is kept,
    /// or where its token may not go to this client. For use only when the provider says that the present
    /// one is wrong: whatever else goes wrong would go wrong with the former one, too.
    func former(of admitted: Admitted) -> Admitted? {
        guard let fallback = admitted.connection.fallback,
            (try? check(fallback, origin: nil, caller: admitted.caller)) != nil
        else { return nil }
        return admitted.by(fallback)
    }

    /// A good token of the former credential that is in memory, while the present one has none yet: the
    /// caller need not wait. The present one is asked with meanwhile, the former one never.
    func spare(
        for demand: TokenDemand, _ admitted: Admitted, insteadOf cell: SlotCell, now: Instant,
        trace: RequestTrace?
    ) -> (token: Token, former: Admitted)? {
        guard let fallback = admitted.connection.fallback, cell.lacksToken(for: demand, at: now),
            let kept = fallback.knownCell(scope: admitted.scope),
            let former = former(of: admitted), let token = cell.yields(to: kept, for: demand, at: now)
        else { return nil }
        desk.warmUp(cell, tenant: admitted.tenant.id, now: now, trace: trace)
        return (token, former)
    }

    /// The same for callers that can await, with whose credential the token was had. They may have awaited
    /// something before, so they are let in anew; and once more where the credential is replaced meanwhile.
    func token(
        _ admitted: Admitted, _ request: TokenRequest, _ demand: TokenDemand
    ) async throws(Refusal) -> (Token, Admitted) {
        let present = try readmit(admitted, request)
        do throws(Refusal) {
            return try await awaitToken(present, demand, request.trace)
        } catch {
            guard case .unavailable(.superseded, _) = error else { throw error }
            let successor = try await successor(of: present, request, instead: error)
            return try await awaitToken(successor, demand, request.trace)
        }
    }

    private func awaitToken(
        _ admitted: Admitted, _ demand: TokenDemand, _ trace: RequestTrace?
    ) async throws(Refusal) -> (Token, Admitted) {
        let known: SlotCell?
        do throws(ProfileGap) {
            known = try admitted.connection.cell(scope: admitted.scope, desk: desk)
        } catch {
            throw .profileIncomplete
        }
        guard let cell = known else { throw .superseded }
        let now = environment.clock.now()
        if let spare = spare(for: demand, admitted, insteadOf: cell, now: now, trace: trace) { return spare }
        let tenant = admitted.tenant.id
        switch await desk.token(cell, demand, tenant: tenant, now: now, trace: trace) {
        case .serve(let token, _): return (token, admitted)
        case .refuse(let failure, let retryAfter):
            guard failure.reason.quarantines, let former = former(of: admitted) else {
                throw .refused(failure, retryAfter)
            }
            return try await awaitToken(former, demand, trace)
        }
    }

    /// The same request by what memory knows now, for the same connection. Nothing is spent.
    private func readmit(_ admitted: Admitted, _ request: TokenRequest) throws(Refusal) -> Admitted {
        do throws(Rejection) {
            let now = environment.clock.now()
            return try same(admitted, try admit(request, now: now, spent: admitted.limit))
        } catch {
            throw error.refusal
        }
    }

    /// The same request once its credential has been replaced: by what memory knows, or after a look into the
    /// store where memory has not heard of it.
    private func successor(
        of admitted: Admitted, _ request: TokenRequest, instead refusal: Refusal
    ) async throws(Refusal) -> Admitted {
        let known = try readmit(admitted, request)
        guard known.connection === admitted.connection else { return known }
        do throws(Rejection) {
            return try same(admitted, try await admitAfterLookUp(request, admitted.rejection(refusal)))
        } catch {
            throw error.refusal
        }
    }

    /// What has been stated and counted for one connection is not for another.
    private func same(_ admitted: Admitted, _ fresh: Admitted) throws(Rejection) -> Admitted {
        guard fresh.tenant.id == admitted.tenant.id,
            fresh.connection.choice == admitted.connection.choice
        else { throw admitted.rejection(.superseded) }
        return fresh
    }
}

extension Refusal {
    fileprivate static let superseded = Refusal.unavailable(.superseded, retryAfter: .seconds(1))
}
