// The decisions about one token: serve it, renew it, wait for it, or say why not.

/// One slot's state machine. It holds no lock, no closure and no clock: whoever holds it passes the time in
/// and carries the returned actions out after unlocking.
package struct TokenSlot: Sendable {
    /// The common states lie in place, the rare ones elsewhere: there are as many slots as tenants.
    package enum State: Sendable, Equatable {
        /// Nothing known → refreshing.
        case empty
        /// A token, good or over → refreshing.
        case fresh(Token)
        /// A flight is asking; `still` is what can be served meanwhile → fresh, coolingDown.
        indirect case refreshing(Flight, still: Token?)
        /// The last flight failed; `still` is what can be served → refreshing at `retryAt` or later.
        indirect case coolingDown(Cooling, still: Token?)
    }

    package private(set) var state: State = .empty
    /// The highest generation that this slot has seen.
    package private(set) var generation = Generation.none
    package private(set) var lastUsed: Instant?
    /// Whether the credential has been replaced and is only kept: its token is renewed by requests alone.
    package var isKept = false
    /// Whether the last flight brought nothing, also while the next one is under way.
    private(set) var isFailing = false
    // Here it takes no memory of its own: there are as many slots as tenants.
    private var flights: Int32 = 0
    /// Attempts that failed in a row.
    private var failures = 0
    private var waiters: [WaiterID: TokenDemand] = [:]
    private var forced = GenericCellRate()
    /// Since when the store has said that the credential is quarantined.
    private var recalledAt: Instant?

    /// Renewals that callers can force: 1 in 30 s, burst 3 (docs/API.md section 4).
    package static let forcedLimit = RateLimit(count: 2, period: .seconds(60), burst: 3)!
    /// Callers that may wait for one flight.
    package static let waiterLimit = 10_000

    package init() {}

    /// A token that is good at `now`, whatever else goes on.
    package func goodToken(at now: Instant) -> Token? {
        guard let token = heldToken, token.isGood(at: now) else { return nil }
        return token
    }

    /// The token in hand, good or over.
    package var heldToken: Token? {
        switch state {
        case .empty: nil
        case .fresh(let token): token
        case .refreshing(_, let still), .coolingDown(_, let still): still
        }
    }

    package var waiterCount: Int { waiters.count }

    // MARK: Asking

    /// What `request` would serve without starting anything; nil where it has more to decide.
    package mutating func hit(_ demand: TokenDemand, now: Instant) -> Token? {
        guard case .fresh(let token) = state, now < token.renewAt, token.isGood(at: now),
            demand.accepts(token), demand.isSatisfied(by: token, at: now)
        else { return nil }
        lastUsed = now
        return token
    }

    /// A caller wants a token. `budget` is how long a flight that starts now may take.
    package mutating func request(
        _ demand: TokenDemand, waiter: WaiterID, now: Instant, budget: Duration
    ) -> RequestAction {
        lastUsed = now
        expireFlight(now: now)
        let usable = goodToken(at: now).flatMap { demand.accepts($0) ? $0 : nil }
        if let usable, demand.isSatisfied(by: usable, at: now) {
            return .serve(usable, start: startRenewalIfDue(now: now, budget: budget))
        }
        switch state {
        case .refreshing:
            return wait(demand, waiter: waiter, start: nil)
        case .coolingDown(let cooling, _) where now < cooling.retryAt:
            if let usable { return .serve(usable, start: nil) }
            return .refuse(cooling.failure, retryAfter: cooling.retryAt - now)
        case .empty, .fresh, .coolingDown:
            return ask(demand, usable: usable, waiter: waiter, now: now, budget: budget)
        }
    }

    /// Nothing in hand satisfies the demand and nobody is asking. A good token that is merely not wanted is
    /// replaced within the limit for forced renewals, so that no caller can make the gateway hammer.
    private mutating func ask(
        _ demand: TokenDemand, usable: Token?, waiter: WaiterID, now: Instant, budget: Duration
    ) -> RequestAction {
        let cause: RefreshEvent.Cause
        if goodToken(at: now) == nil {
            cause = .cold
        } else {
            if case .denied(let retryAfter, _) = forced.spend(Self.forcedLimit, now: now) {
                if let usable { return .serve(usable, start: nil) }
                return .refuse(ExchangeFailure(.overloaded), retryAfter: retryAfter)
            }
            cause = usable == nil ? .rejected : .renewal
        }
        // Generations follow the seconds, an hour ahead at most when renewals crowd. A caller that names a
        // later one has invented it: it waits in vain, and must not push the generations up for everyone.
        let furthest = max(generation, Generation.none.next(at: now + .seconds(3_600)))
        let unwanted = min(demand.newerThan ?? .none, furthest)
        let newerThan = cause == .cold ? unwanted : max(generation, unwanted)
        return wait(
            demand, waiter: waiter, start: takeOff(cause, newerThan: newerThan, now: now, budget: budget))
    }

    private mutating func wait(_ demand: TokenDemand, waiter: WaiterID, start: Flight?) -> RequestAction {
        guard waiters.count < Self.waiterLimit else {
            return .refuse(ExchangeFailure(.overloaded), retryAfter: .seconds(1))
        }
        waiters[waiter] = demand
        return .wait(start: start)
    }

    /// The caller has gone. The flight goes on for the others, and for the next one.
    package mutating func cancel(_ waiter: WaiterID) {
        waiters[waiter] = nil
    }

    // MARK: Renewing

    /// Starts a renewal when it is time and the slot is in use: used within `max(2L, 1 h)`, or `keepWarm`.
    package mutating func renewIfDue(now: Instant, keepWarm: Bool, budget: Duration) -> Flight? {
        guard isRelied(at: now, keepWarm: keepWarm) else { return nil }
        if case .empty = state, keepWarm {
            return takeOff(.keepWarm, newerThan: .none, now: now, budget: budget)
        }
        let cause: RefreshEvent.Cause = isInUse(at: now) ? .renewal : .keepWarm
        return startRenewalIfDue(now: now, budget: budget, cause: cause)
    }

    /// Somebody relies on the slot from now on: asks for a token unless there is one, or it has to wait.
    package mutating func warmUp(now: Instant, budget: Duration) -> Flight? {
        lastUsed = now
        return renewIfDue(now: now, keepWarm: true, budget: budget)
    }

    /// When `renewIfDue` should be asked next; nil when there is nothing to wait for.
    package func nextEvent(keepWarm: Bool) -> Instant? {
        guard !isKept else { return nil }
        return switch state {
        case .empty: keepWarm ? Instant(microseconds: 0) : nil
        case .fresh(let token): token.renewAt
        case .refreshing(let flight, _): flight.deadline
        case .coolingDown(let cooling, _): cooling.nextTry
        }
    }

    private mutating func startRenewalIfDue(
        now: Instant, budget: Duration, cause: RefreshEvent.Cause = .renewal
    ) -> Flight? {
        switch state {
        case .fresh(let token) where now >= token.renewAt:
            takeOff(cause, newerThan: generation, now: now, budget: budget)
        case .coolingDown(let cooling, _) where now >= cooling.nextTry:
            takeOff(cause, newerThan: generation, now: now, budget: budget)
        case .empty, .fresh, .refreshing, .coolingDown:
            nil
        }
    }

    private mutating func takeOff(
        _ cause: RefreshEvent.Cause, newerThan: Generation, now: Instant, budget: Duration
    ) -> Flight {
        flights &+= 1
        let flight = Flight(
            id: Int(flights), cause: cause, newerThan: newerThan, startedAt: now, deadline: now + budget)
        state = .refreshing(flight, still: heldToken)
        return flight
    }

    // MARK: Landing

    /// The flight brought a token. Nil when the flight is no longer the slot's: its answer is dropped.
    package mutating func land(
        _ flight: Flight.ID, with token: Token, from source: TokenSource, now: Instant
    ) -> [Settlement]? {
        guard case .refreshing(let current, _) = state, current.id == flight else { return nil }
        state = .fresh(token)
        (failures, isFailing, recalledAt) = (0, false, nil)
        generation = max(generation, token.generation)
        return settle { demand in
            demand.accepts(token) && token.isGood(at: now)
                ? .serve(token, source)
                : .refuse(ExchangeFailure(.overloaded), retryAfter: .seconds(1))
        }
    }

    /// The flight failed. `jitter` (0 ..< 1) spreads the next attempt. A failure is never sticky: it is
    /// remembered until `retryAt` and no longer. One that was no attempt makes no later pause longer.
    package mutating func fail(
        _ flight: Flight.ID, with failure: ExchangeFailure, now: Instant, jitter: Double
    ) -> [Settlement]? {
        guard case .refreshing(let current, _) = state, current.id == flight else { return nil }
        if failure.reason.isAttempt { failures += 1 }
        recalledAt = nil
        return coolDown(
            failure, for: Backoff.delay(after: failure, count: failures, jitter: jitter), now: now)
    }

    /// The store remembers a failure that this process has not seen: another replica's, or from before a
    /// restart.
    package mutating func recall(_ flight: Flight.ID, _ stored: StoredFailure, now: Instant) -> [Settlement]?
    {
        guard case .refreshing(let current, _) = state, current.id == flight else { return nil }
        failures = max(failures, stored.count)
        let since = recalledAt ?? now
        recalledAt = since
        return coolDown(
            ExchangeFailure(stored.reason), for: stored.retryIn, now: now,
            lookAt: now - since < Self.recallTime ? now + Self.recallInterval : nil)
    }

    private mutating func coolDown(
        _ failure: ExchangeFailure, for delay: Duration, now: Instant, lookAt: Instant? = nil
    ) -> [Settlement] {
        let still = heldToken
        isFailing = true
        state = .coolingDown(
            Cooling(failure: failure, count: failures, retryAt: now + delay, lookAt: lookAt), still: still)
        return settle { demand in
            if let still, still.isGood(at: now), demand.accepts(still) { return .serve(still, .memory) }
            return .refuse(failure, retryAfter: delay)
        }
    }

    /// A flight that outlived its deadline is given up, whoever carries it: its late answer is dropped.
    /// Callers are settled by `overdue`.
    private mutating func expireFlight(now: Instant) {
        guard case .refreshing(let flight, let still) = state, now >= flight.deadline, waiters.isEmpty else {
            return
        }
        (failures, isFailing) = (failures + 1, true)
        let failure = ExchangeFailure(.timedOut)
        let delay = Backoff.delay(after: failure, count: failures, jitter: 0)
        state = .coolingDown(Cooling(failure: failure, count: failures, retryAt: now + delay), still: still)
    }

    /// Settles everyone who waits for a flight whose deadline has passed; nil when none is overdue.
    package mutating func overdue(now: Instant, jitter: @autoclosure () -> Double) -> [Settlement]? {
        guard case .refreshing(let flight, _) = state, now >= flight.deadline else { return nil }
        return fail(flight.id, with: ExchangeFailure(.timedOut), now: now, jitter: jitter())
    }

    /// The credential was replaced or withdrawn: the token goes, and a flight's late answer is dropped.
    package mutating func withdraw() -> [Settlement] {
        state = .empty
        (failures, isFailing, recalledAt) = (0, false, nil)
        return settle { _ in .refuse(ExchangeFailure(.superseded), retryAfter: .seconds(1)) }
    }

    /// The credential was replaced, and is kept: callers look again and find its successor; the flight goes
    /// on, since its token may be needed yet.
    package mutating func keep() -> [Settlement] {
        isKept = true
        return settle { _ in .refuse(ExchangeFailure(.superseded), retryAfter: .seconds(1)) }
    }

    /// Ends a quarantine or a cooling down: the next request asks at once, and so does a slot that somebody
    /// relies on. True when there was one: the slot's next event is earlier now.
    @discardableResult
    package mutating func retryNow(now: Instant) -> Bool {
        guard case .coolingDown(let cooling, let still) = state else { return false }
        (failures, isFailing, recalledAt) = (0, false, nil)
        if let still {
            state = .fresh(still)
        } else if isInUse(at: now) {
            // An empty slot would be off the calendar.
            state = .coolingDown(Cooling(failure: cooling.failure, count: 0, retryAt: now), still: nil)
        } else {
            state = .empty
        }
        return true
    }

    private mutating func settle(_ verdict: (TokenDemand) -> Verdict) -> [Settlement] {
        defer { waiters.removeAll() }
        return waiters.map { Settlement(waiter: $0.key, verdict: verdict($0.value)) }
    }
}
