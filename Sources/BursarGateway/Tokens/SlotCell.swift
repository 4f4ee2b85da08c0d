// One slot with its lock and its waiting callers.
internal import BursarCore
internal import Crypto
internal import Synchronization

/// Holds a `TokenSlot` and carries its decisions out. The lock is held only to decide; callers are told after
/// it is given back.
final class SlotCell: Sendable {
    typealias Answer = @Sendable (Verdict) -> Void

    /// Everything a flight needs to know; a changed credential makes another slot.
    let context: FlightContext

    /// In this order its parts take the least memory.
    private struct Contents {
        var slot = TokenSlot()
        var keepWarm = false
        /// Whether the credential has gone; nothing starts any more.
        var isWithdrawn = false
        var mayHoldLease = false
        var waiterCount: Int32 = 0
        var answers: [WaiterID: Answer] = [:]
        /// The time of its entry in the calendar; nil when it has none.
        var entry: Instant?

        func waits(for reason: FailureReason?, now: Instant) -> Bool {
            guard case .coolingDown(let cooling, _) = slot.state, now < cooling.retryAt else { return false }
            return cooling.failure.reason == reason
        }
    }

    private let contents: Mutex<Contents>

    init(context: FlightContext) {
        self.context = context
        var contents = Contents()
        contents.slot.isKept = context.credential.state == .retiring
        self.contents = Mutex(contents)
    }

    /// Put together when it is asked for: there are as many slots as tenants, and few have a flight.
    var key: SlotKey {
        let fields = context.fields
        return SlotKey(fields: fields, digest: Array(SHA256.hash(data: fields.canonicalBytes)))
    }

    enum Asked {
        case served(Token)
        case waiting(WaiterID)
        case refused(ExchangeFailure, retryAfter: Duration)
    }

    /// The token, where it can be served and nothing has to be begun.
    func hit(_ demand: TokenDemand, now: Instant) -> Token? {
        contents.withLock { $0.slot.hit(demand, now: now) }
    }

    /// Asks for a token. When the caller has to wait, `answer` makes what is called once, later, on whatever
    /// thread; a hit makes nothing. The second value is a flight that the caller of this function must start.
    func request(
        _ demand: TokenDemand, now: Instant, budget: Duration, answer: () -> Answer
    ) -> (Asked, TokenSlot.Flight?) {
        contents.withLock { contents in
            guard !contents.isWithdrawn else {
                return (.refused(ExchangeFailure(.superseded), retryAfter: .seconds(1)), nil)
            }
            contents.waiterCount &+= 1
            let waiter = WaiterID(Int(contents.waiterCount))
            switch contents.slot.request(demand, waiter: waiter, now: now, budget: budget) {
            case .serve(let token, let flight): return (.served(token), flight)
            case .refuse(let failure, let retryAfter): return (.refused(failure, retryAfter: retryAfter), nil)
            case .wait(let flight):
                contents.answers[waiter] = answer()
                return (.waiting(waiter), flight)
            }
        }
    }

    /// The caller has gone; its answer is never called after this returns true.
    @discardableResult
    func cancel(_ waiter: WaiterID) -> Bool {
        contents.withLock { contents in
            contents.slot.cancel(waiter)
            return contents.answers.removeValue(forKey: waiter) != nil
        }
    }

    // MARK: Flights

    func land(_ flight: TokenSlot.Flight, with token: Token, from source: TokenSource, now: Instant) {
        settle { $0.slot.land(flight.id, with: token, from: source, now: now) }
    }

    /// Returns what the store should remember; nil when the flight is no longer the slot's, or nobody was
    /// asked.
    @discardableResult
    func fail(
        _ flight: TokenSlot.Flight, with failure: ExchangeFailure, now: Instant, jitter: Double
    ) -> StoredFailure? {
        settle { $0.slot.fail(flight.id, with: failure, now: now, jitter: jitter) }
        guard case .coolingDown(let cooling, _) = contents.withLock({ $0.slot.state }),
            cooling.failure.reason.isAttempt
        else { return nil }
        return StoredFailure(
            reason: cooling.failure.reason, count: cooling.count, retryIn: cooling.retryAt - now,
            isNamed: cooling.failure.retryAfter != nil)
    }

    func recall(_ flight: TokenSlot.Flight, _ stored: StoredFailure, now: Instant) {
        settle { $0.slot.recall(flight.id, stored, now: now) }
    }

    /// Whether this replica holds the slot's lease, or the answer was lost that would have said so.
    var mayHoldLease: Bool {
        get { contents.withLock { $0.mayHoldLease } }
        set { contents.withLock { $0.mayHoldLease = newValue } }
    }

    // MARK: Renewing by itself

    /// True when that is news.
    func setKeepWarm(_ keepWarm: Bool) -> Bool {
        contents.withLock { contents in
            defer { contents.keepWarm = keepWarm }
            return contents.keepWarm != keepWarm
        }
    }

    /// Gives up a flight that has outlived its deadline.
    func expire(now: Instant, jitter: @autoclosure () -> Double) {
        settle { $0.slot.overdue(now: now, jitter: jitter()) }
    }

    func renewIfDue(now: Instant, budget: Duration) -> TokenSlot.Flight? {
        contents.withLock { contents in
            guard !contents.isWithdrawn else { return nil }
            return contents.slot.renewIfDue(now: now, keepWarm: contents.keepWarm, budget: budget)
        }
    }

    /// Whether callers have come for its token lately.
    func isInUse(at now: Instant) -> Bool { contents.withLock { $0.slot.isInUse(at: now) } }

    /// Whether the calendar needs an entry at this time. One as early or earlier does as well: whoever looks
    /// then finds out when to look next. So a slot has one, however often it is renewed; one that an earlier
    /// took the place of is passed over when its time comes.
    func enter(at instant: Instant) -> Bool {
        contents.withLock { contents in
            if let entry = contents.entry, entry <= instant { return false }
            contents.entry = instant
            return true
        }
    }

    /// Whether the calendar's entry of this time is the slot's, which has none then.
    func leave(at instant: Instant) -> Bool {
        contents.withLock { contents in
            guard contents.entry == instant else { return false }
            contents.entry = nil
            return true
        }
    }

    func nextEvent() -> Instant? {
        contents.withLock { $0.isWithdrawn ? nil : $0.slot.nextEvent(keepWarm: $0.keepWarm) }
    }

    /// True when a quarantine or a cooling down has ended by it: any, or one for this reason alone.
    func retryNow(if reason: FailureReason? = nil, now: Instant) -> Bool {
        contents.withLock { contents in
            guard reason == nil || contents.waits(for: reason, now: now) else { return false }
            return contents.slot.retryNow(now: now)
        }
    }

    /// Whether the slot cools down for this reason.
    func waits(for reason: FailureReason, now: Instant) -> Bool {
        contents.withLock { $0.waits(for: reason, now: now) }
    }

    // MARK: Rotation

    enum Keeping { case unchanged, begun, ended }

    /// Whether the slot's credential is retiring. When that begins, its callers look again.
    func setKept(_ isKept: Bool) -> Keeping {
        var keeping = Keeping.unchanged
        settle { contents in
            guard isKept != contents.slot.isKept else { return nil }
            keeping = isKept ? .begun : .ended
            if isKept { return contents.slot.keep() }
            contents.slot.isKept = false
            return nil
        }
        return keeping
    }

    /// Whether it has no good token that the caller accepts.
    func lacksToken(for demand: TokenDemand, at now: Instant) -> Bool {
        contents.withLock { !($0.slot.goodToken(at: now).map(demand.accepts) ?? false) }
    }

    /// The former credential's token, where this slot has none that the caller accepts and may get one yet.
    func yields(to former: SlotCell, for demand: TokenDemand, at now: Instant) -> Token? {
        guard let spare = former.snapshot().goodToken(at: now),
            contents.withLock({ $0.slot.yields(to: spare, for: demand, at: now) })
        else { return nil }
        return spare
    }

    func warmUp(now: Instant) -> TokenSlot.Flight? {
        contents.withLock { contents in
            contents.isWithdrawn ? nil : contents.slot.warmUp(now: now, budget: context.budget)
        }
    }

    func withdraw() {
        // Under one lock: a request in between would start a flight with the withdrawn credential.
        settle { contents in
            contents.isWithdrawn = true
            return contents.slot.withdraw()
        }
    }

    // MARK: Looking

    func snapshot() -> TokenSlot { contents.withLock { $0.slot } }

    func condition(at now: Instant) -> TokenSlot.Condition {
        contents.withLock { $0.slot.condition(at: now, keepWarm: $0.keepWarm) }
    }

    var isWithdrawn: Bool { contents.withLock { $0.isWithdrawn } }

    private func settle(_ decide: (inout Contents) -> [Settlement]?) {
        let due: [(Answer, Verdict)] = contents.withLock { contents in
            guard let settlements = decide(&contents) else { return [] }
            // An empty dictionary would keep its memory, for each of very many slots.
            defer { if contents.answers.isEmpty { contents.answers = [:] } }
            return settlements.compactMap { settlement in
                contents.answers.removeValue(forKey: settlement.waiter).map { ($0, settlement.verdict) }
            }
        }
        for (answer, verdict) in due { answer(verdict) }
    }
}
