// The token request: from memory where it can be, else by waiting for a flight.
internal import BursarCore

extension Gateway {
    package typealias Respond<Value: Sendable> = @Sendable (Answer<Value>) -> Void

    /// How a request was let in. One whose credential is replaced meanwhile is let in again: by what memory
    /// knows by now, then after a look into the store.
    private enum Round: Int {
        case first, again, afterLookUp

        /// Places where a request waits come in this order: with the former credential after the present one.
        func place(isFormer: Bool) -> Int { rawValue * 2 + (isFormer ? 2 : 1) }
    }

    /// What has become of a request at once.
    package enum Asked {
        /// The token was in memory, or the request is refused. It is counted.
        case answered(Answer<ServedToken>)
        case later(Pending)
    }

    /// A request that cannot be answered at once, and has not begun to wait.
    package struct Pending {
        fileprivate enum Stage {
            case admitted(Admitted)
            case unknown(Rejection)
        }

        fileprivate let request: TokenRequest
        fileprivate let stage: Stage
        fileprivate let startedAt: Instant
    }

    /// Answers from memory, without waiting for anything; nothing is made that would have to be kept.
    package func token(_ request: TokenRequest) -> Asked {
        let now = environment.clock.now()
        let admitted: Admitted
        do throws(Rejection) {
            admitted = try admit(request, now: now, spent: nil)
        } catch {
            if error.mayBeStale, !refusals.isRemembered(RefusalMemory.key(of: request), now: now) {
                return .later(Pending(request: request, stage: .unknown(error), startedAt: now))
            }
            return .answered(counted(error, since: now))
        }
        guard let cell = admitted.connection.knownCell(scope: admitted.scope),
            let token = cell.hit(request.demand, now: now)
        else { return .later(Pending(request: request, stage: .admitted(admitted), startedAt: now)) }
        admitted.caller.trail.leave(admitted.tenant, admitted.connection, cell, token)
        return .answered(counted(token, .memory, admitted, request, since: now))
    }

    /// Goes on with a request that could not be answered at once. `respond` is called once, on whatever
    /// thread, maybe before this returns. The answer is counted before that.
    package func answer(
        _ pending: Pending, respond: @escaping Respond<ServedToken>
    ) -> WaitingRequest? {
        switch pending.stage {
        case .admitted(let admitted):
            serve(
                pending.request, admitted, startedAt: pending.startedAt, round: .first, waiting: nil, respond)
        case .unknown(let rejection):
            lookUp(
                pending.request, after: rejection, startedAt: pending.startedAt, waiting: nil, respond)
        }
    }

    private func serve(
        _ request: TokenRequest, _ admitted: Admitted, startedAt: Instant, round: Round,
        waiting: WaitingRequest?, _ respond: @escaping Respond<ServedToken>
    ) -> WaitingRequest? {
        let now = environment.clock.now()
        let cell: SlotCell
        do throws(ProfileGap) {
            guard let known = try admitted.connection.cell(scope: admitted.scope, desk: desk) else {
                return settle(
                    request, admitted, .superseded, startedAt: startedAt, round: round, waiting: waiting,
                    respond)
            }
            cell = known
        } catch {
            finish(admitted.rejection(.profileIncomplete), startedAt: startedAt, respond)
            return nil
        }
        if let spare = spare(for: request.demand, admitted, insteadOf: cell, now: now, trace: request.trace) {
            finish(spare.token, .memory, admitted, request, startedAt: startedAt, respond)
            return nil
        }
        var waiting = waiting
        let tenant = admitted.tenant.id
        let asked = desk.request(cell, request.demand, tenant: tenant, now: now, trace: request.trace) {
            let waits = waiting ?? WaitingRequest()
            waiting = waits
            return { verdict in
                self.settle(
                    request, admitted, verdict, startedAt: startedAt, round: round, waiting: waits, respond)
            }
        }
        switch asked {
        case .served(let token):
            finish(token, .memory, admitted, request, startedAt: startedAt, respond)
            return nil
        case .refused(let failure, let retryAfter):
            let verdict = Verdict.refuse(failure, retryAfter: retryAfter)
            return settle(
                request, admitted, verdict, startedAt: startedAt, round: round, waiting: waiting, respond)
        case .waiting(let waiter):
            waiting?.waits(in: cell, as: waiter, round: round.place(isFormer: admitted.isFormer))
            return waiting
        }
    }

    /// Returns what can still be cancelled, when the verdict is not the last word.
    @discardableResult
    private func settle(
        _ request: TokenRequest, _ admitted: Admitted, _ verdict: Verdict, startedAt: Instant,
        round: Round, waiting: WaitingRequest?, _ respond: @escaping Respond<ServedToken>
    ) -> WaitingRequest? {
        switch verdict {
        case .serve(let token, let source):
            do throws(Rejection) {
                try stillStands(admitted, request)
                finish(token, source, admitted, request, startedAt: startedAt, respond)
            } catch {
                finish(error, startedAt: startedAt, respond)
            }
        case .refuse(let failure, let retryAfter)
        where failure.reason == .superseded && round != .afterLookUp:
            // The credential was replaced while the caller waited. Its successor is in memory already, or a
            // look-up away.
            let now = environment.clock.now()
            if round == .first, let fresh = try? admit(request, now: now, spent: admitted.limit),
                fresh.connection !== admitted.connection
            {
                return serve(
                    request, fresh, startedAt: startedAt, round: .again, waiting: waiting, respond)
            }
            let rejection = admitted.rejection(.refused(failure, retryAfter))
            return lookUp(request, after: rejection, startedAt: startedAt, waiting: waiting, respond)
        case .refuse(let failure, let retryAfter):
            if failure.reason.quarantines, let former = former(of: admitted) {
                return serve(
                    request, former, startedAt: startedAt, round: round, waiting: waiting, respond)
            }
            finish(admitted.rejection(.refused(failure, retryAfter)), startedAt: startedAt, respond)
        }
        return nil
    }

    /// Lets the request in once more after a look into the store. The task ends with the look-up, which is
    /// bounded in number and time.
    private func lookUp(
        _ request: TokenRequest, after rejection: Rejection, startedAt: Instant, waiting: WaitingRequest?,
        _ respond: @escaping Respond<ServedToken>
    ) -> WaitingRequest {
        let waiting = waiting ?? WaitingRequest()
        Task(executorPreference: environment.executor) {
            do throws(Rejection) {
                let admitted = try await self.admitAfterLookUp(request, rejection)
                guard !waiting.isCancelled else { return }
                _ = self.serve(
                    request, admitted, startedAt: startedAt, round: .afterLookUp, waiting: waiting, respond)
            } catch {
                guard !waiting.isCancelled else { return }
                self.finish(error, startedAt: startedAt, respond)
            }
        }
        return waiting
    }

    /// For callers that can await: let in from memory, else after a look into the store.
    func admit(_ request: TokenRequest) async throws(Rejection) -> Admitted {
        let now = environment.clock.now()
        do throws(Rejection) {
            return try admit(request, now: now, spent: nil)
        } catch {
            let isKnown = refusals.isRemembered(RefusalMemory.key(of: request), now: now)
            guard error.mayBeStale, !isKnown else { throw error }
            return try await admitAfterLookUp(request, error)
        }
    }

    func admitAfterLookUp(
        _ request: TokenRequest, _ rejection: Rejection
    ) async throws(Rejection) -> Admitted {
        switch await follower.lookUp() {
        case .skipped: throw rejection
        case .unavailable:
            throw Rejection(
                refusal: .directoryUnavailable, client: rejection.client, tenant: rejection.tenant,
                connection: rejection.connection, limit: rejection.limit)
        case .done: break
        }
        let now = environment.clock.now()
        do throws(Rejection) {
            return try admit(request, now: now, spent: rejection.limit)
        } catch {
            if error.mayBeStale { refusals.remember(RefusalMemory.key(of: request), now: now) }
            throw error
        }
    }

    // MARK: Answering

    private func counted(
        _ token: Token, _ source: TokenSource, _ admitted: Admitted, _ request: TokenRequest,
        since start: Instant
    ) -> Answer<ServedToken> {
        let now = environment.clock.now()
        // Between the decision and here a token can end: an ended one is never handed out.
        guard token.isGood(at: now) else {
            return counted(
                admitted.rejection(.unavailable(.timedOut, retryAfter: .seconds(1))), since: start)
        }
        usage.count(admitted.usageKey(source.outcome), since: start, at: now, of: token.expiresAt)
        let served = ServedToken(
            token: token, source: source, tenant: admitted.tenant.id,
            provider: admitted.connection.profile.id,
            environment: admitted.connection.environment, at: now,
            scope: request.scope == nil ? nil : admitted.scope)
        return Answer(result: .success(served), limit: admitted.limit)
    }

    private func counted<Value>(_ rejection: Rejection, since start: Instant) -> Answer<Value> {
        usage.count(rejection.usageKey, since: start, at: environment.clock.now())
        return Answer(result: .failure(rejection.refusal), limit: rejection.limit)
    }

    private func finish(
        _ token: Token, _ source: TokenSource, _ admitted: Admitted, _ request: TokenRequest,
        startedAt: Instant, _ respond: Respond<ServedToken>
    ) {
        respond(counted(token, source, admitted, request, since: startedAt))
    }

    private func finish<Value>(_ rejection: Rejection, startedAt: Instant, _ respond: Respond<Value>) {
        respond(counted(rejection, since: startedAt))
    }
}

extension Admitted {
    func rejection(_ refusal: Refusal) -> Rejection {
        Rejection(
            refusal: refusal, client: client, tenant: tenant.id, connection: connection.choice,
            limit: limit)
    }

    func usageKey(_ outcome: AnswerOutcome) -> UsageKey {
        UsageKey(
            tenant: tenant.id, client: caller.id, provider: connection.profile.id,
            environment: connection.environment, outcome: outcome)
    }
}

extension Rejection {
    var usageKey: UsageKey {
        UsageKey(
            tenant: tenant, client: client, provider: connection?.provider,
            environment: connection?.environment, outcome: refusal.outcome)
    }
}

extension Verdict {
    /// What somebody is told who comes with a credential that has been replaced.
    static let superseded = Verdict.refuse(ExchangeFailure(.superseded), retryAfter: .seconds(1))
}

extension Refusal {
    /// What a caller is told of a failed flight.
    static func refused(_ failure: ExchangeFailure, _ retryAfter: Duration) -> Refusal {
        failure.reason.quarantines
            ? .credentialRejected(retryAfter: retryAfter)
            : .unavailable(failure.reason, retryAfter: retryAfter)
    }
}
