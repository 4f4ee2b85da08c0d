// The way to the providers: past the breaker, in line for a place, before the judge of rejections.
internal import BursarCore
internal import Logging
internal import Synchronization

/// Every request to a provider goes through here, whatever it is for (docs/adr/0019).
final class ProviderAccess: Sendable {
    /// A request that was made.
    struct Asked<Reply: Sendable>: Sendable {
        let report: ExchangeReport<Reply>
        /// When it was sent.
        let at: Instant
    }

    /// Whom and for whom, and how long an answer may take.
    struct Errand {
        let host: ProviderHost
        let credential: CredentialID
        let step: RefreshEvent.Step
        let timeout: Duration
        /// Until when it may wait for its turn at a host that is being tried.
        let deadline: Instant

        /// Tokens' slots wait between attempts; callers of scoped tokens come when they like.
        var hasBackoff: Bool { step != .scoped }
    }

    /// Leave to ask; see `inTurn`.
    struct Turn {
        /// The host that is being tried, by whoever has this turn alone; nil where everybody may ask.
        fileprivate let alone: ProviderHost?
    }

    private struct Contents {
        var gates: [ConnectionChoice: ConcurrencyGate] = [:]
        var hosts: [ProviderHost: HostWatch] = [:]
    }

    private let contents = Mutex(Contents())
    let environment: GatewayEnvironment

    init(environment: GatewayEnvironment) { self.environment = environment }

    // MARK: In line

    /// Runs `body` in one of the places that the profile gives to provider and environment; nil when none got
    /// free before `deadline`. Nothing in it may wait for others. Where nobody is kept waiting it `isUrgent`
    /// to nobody, and comes last.
    func inLine<R: Sendable>(
        _ profile: ProviderProfile, _ place: ProviderEnvironment, by deadline: Instant,
        isUrgent: Bool = true, _ body: () async -> R
    ) async -> R? {
        let gate = gate(of: profile, place)
        let came = environment.clock.now()
        let result = await gate.pass(by: deadline, isUrgent: isUrgent) {
            environment.metrics.waited(environment.clock.now() - came, for: profile.id)
            return await body()
        }
        if result == nil { environment.metrics.waited(environment.clock.now() - came, for: profile.id) }
        return result
    }

    private func gate(of profile: ProviderProfile, _ place: ProviderEnvironment) -> ConcurrencyGate {
        let choice = ConnectionChoice(provider: profile.id, environment: place)
        return contents.withLock { contents in
            if let gate = contents.gates[choice] { return gate }
            let made = ConcurrencyGate(places: profile.limits.concurrency, clock: environment.clock)
            contents.gates[choice] = made
            return made
        }
    }

    // MARK: Asking

    /// Runs `body` unless the breaker is open: `circuitOpen`. At a host that is being tried it waits until it
    /// may do so alone, before it takes anything that others need: a place, or a lease.
    func inTurn<R: Sendable>(
        _ errand: Errand, _ body: (Turn) async -> R
    ) async throws(ExchangeFailure) -> R {
        let watch = watch(of: errand.host)
        switch watch.permission(for: errand, now: environment.clock.now()) {
        case .ask: return await body(Turn(alone: nil))
        case .refuse(let retryAfter): throw refusal(of: errand, retryAfter)
        case .askAlone: break
        }
        let tried: Result<R, ExchangeFailure>?? = await watch.oneByOne.pass(by: errand.deadline) {
            guard environment.clock.now() < errand.deadline else {
                return .failure(refusal(of: errand, .seconds(1)))
            }
            // Who went before has changed things.
            switch watch.permission(for: errand, now: environment.clock.now()) {
            case .ask: return nil
            case .askAlone: return .success(await body(Turn(alone: errand.host)))
            case .refuse(let retryAfter): return .failure(refusal(of: errand, retryAfter))
            }
        }
        guard let tried else { throw refusal(of: errand, .seconds(1)) }
        guard let tried else { return await body(Turn(alone: nil)) }
        return try tried.get()
    }

    /// Makes the request unless the breaker has opened since the turn came: `circuitOpen`, which was no
    /// request and is no event. A rejection that many others met too comes back as the provider's fault.
    func ask<Reply>(
        _ errand: Errand, _ turn: Turn, _ request: () async -> ExchangeReport<Reply>
    ) async throws(ExchangeFailure) -> Asked<Reply> {
        let watch = watch(of: errand.host)
        let now = environment.clock.now()
        switch watch.permission(for: errand, now: now) {
        case .ask: return await carryOut(errand, watch, request)
        case .askAlone where turn.alone == errand.host: return await carryOut(errand, watch, request)
        case .askAlone:
            // It is being tried since. With a place in hand nobody waits for others.
            let asked = await watch.oneByOne.pass(by: now) { await carryOut(errand, watch, request) }
            guard let asked else { throw refusal(of: errand, .seconds(1)) }
            return asked
        case .refuse(let retryAfter): throw refusal(of: errand, retryAfter)
        }
    }

    /// Whether the breaker has opened since the turn came: then the request would be made in vain.
    func refusal(of errand: Errand) -> ExchangeFailure? {
        let permission = watch(of: errand.host).permission(for: errand, now: environment.clock.now())
        if case .refuse(let retryAfter) = permission { return refusal(of: errand, retryAfter) }
        return nil
    }

    private func refusal(of errand: Errand, _ retryAfter: Duration) -> ExchangeFailure {
        environment.metrics.refusedByCircuit(errand.host.provider)
        return ExchangeFailure(.circuitOpen, retryAfter: retryAfter)
    }

    private func carryOut<Reply>(
        _ errand: Errand, _ watch: HostWatch, _ request: () async -> ExchangeReport<Reply>
    ) async -> Asked<Reply> {
        let sentAt = environment.clock.now()
        let report = await request()
        let failure: ExchangeFailure? = if case .failure(let failure) = report.result { failure } else { nil }
        var outcome = failure?.reason.outcome(retryAfter: failure?.retryAfter) ?? .answered
        // One that came late to its turn was given less than its time: that is not the host's doing.
        if failure?.reason == .timedOut, report.latency < errand.timeout * 0.9 { outcome = .unjudged }
        let rejects: Bool? =
            switch (errand.step, failure?.reason) {
            case (.full, nil): false
            case (.full, .invalidClient): true
            case (.full, _), (.refresh, _), (.scoped, _): nil
            }
        let changes = watch.note(
            outcome, rejects: rejects, of: errand.credential, now: environment.clock.now(),
            jitter: environment.random.fraction())
        tell(changes, of: errand.host, reason: failure?.reason)
        guard rejects == true, changes.isMassRejecting else { return Asked(report: report, at: sentAt) }
        let judged = ExchangeReport<Reply>(
            result: .failure(ExchangeFailure(.massRejection)), status: report.status, latency: report.latency)
        return Asked(report: judged, at: sentAt)
    }

    private func watch(of host: ProviderHost) -> HostWatch {
        contents.withLock { contents in
            if let watch = contents.hosts[host] { return watch }
            let made = HostWatch(host: host, clock: environment.clock)
            contents.hosts[host] = made
            return made
        }
    }

    // MARK: Watching

    /// The failure again, where it has turned out since to be the provider's.
    func judgedAgain(_ failure: ExchangeFailure, of host: ProviderHost) -> ExchangeFailure {
        guard failure.reason == .invalidClient, watch(of: host).isMassRejecting else { return failure }
        return ExchangeFailure(.massRejection)
    }

    /// What the slots of each host have to be told. Taken away by looking.
    func look() -> [(host: ProviderHost, findings: HostWatch.Findings)] {
        let now = environment.clock.now()
        return contents.withLock { Array($0.hosts.values) }.map { watch in
            let findings = watch.look(at: now)
            tell(HostWatch.Changes(rejection: findings.rejection), of: watch.host, reason: nil)
            return (watch.host, findings)
        }
    }

    /// How the providers stand, as operators see it.
    func census() -> ProviderCensus {
        let now = environment.clock.now()
        let (gates, hosts) = contents.withLock { ($0.gates, Array($0.hosts.values)) }
        var census = ProviderCensus()
        for (choice, gate) in gates { census.add(inLine: gate.length, of: choice.provider) }
        for watch in hosts { census.add(watch.condition(at: now), of: watch.host.provider) }
        return census
    }

    /// One line at the beginning and one at the end.
    private func tell(_ changes: HostWatch.Changes, of host: ProviderHost, reason: FailureReason?) {
        var metadata: Logger.Metadata = ["provider": "\(host.provider)", "host": "\(host.origin)"]
        switch changes.circuit {
        case .opened:
            environment.metrics.circuitOpened(host.provider)
            metadata["reason"] = "\(reason?.rawValue ?? "")"
            environment.logger.warning(
                "the provider fails again and again and is left alone for seconds", metadata: metadata)
        case .closed:
            environment.logger.notice("the provider answers again", metadata: metadata)
        case nil: break
        }
        switch changes.rejection {
        case .began:
            environment.logger.error(
                "the provider rejects many credentials at once: not taken for the credentials' fault",
                metadata: metadata)
        case .ended:
            environment.logger.notice("the provider rejects many credentials no longer", metadata: metadata)
        case nil: break
        }
    }
}
