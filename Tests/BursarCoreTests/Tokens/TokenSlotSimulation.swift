// A slot's life by chance: events in any order, and what must hold after each.
import BursarCore
import BursarTestSupport
import Testing

@Suite struct TokenSlotSimulation {
    @Test(arguments: TestLength.seeds(short: 200, long: 20_000))
    func everySlotKeepsItsPromises(seeds: Range<UInt64>) {
        for seed in seeds {
            var life = SlotLife(seed: seed)
            for step in 0..<400 {
                life.step()
                guard let fault = life.fault else { continue }
                Issue.record("seed \(seed), step \(step): \(fault)")
                return
            }
            life.end()
            if let fault = life.fault {
                Issue.record("seed \(seed), at the end: \(fault)")
                return
            }
        }
    }
}

/// A slot, the world around it, and a book of what was promised to whom.
struct SlotLife {
    private var random: SplitMix64
    private var slot = TokenSlot()
    private var now = Instant(seconds: 1_790_812_800)
    private let budget: Duration
    private let life: Duration
    private var waiters = 0
    /// Callers who wait, with what they want.
    private var waiting: [WaiterID: TokenDemand] = [:]
    private var live: TokenSlot.Flight?
    private var former: [TokenSlot.Flight] = []
    private var forced: [Instant] = []
    private var generation = Generation.none
    private(set) var fault: String?

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        budget = .seconds(Int.random(in: 5...30, using: &random))
        life = .seconds([1, 2, 30, 120, 300, 900, 3_600].randomElement(using: &random)!)
    }

    mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<35: request()
        case 35..<42: cancel()
        case 42..<57: land()
        case 57..<67: fail()
        case 67..<72: answerLate()
        case 72..<75: recall()
        case 75..<76: withdraw()
        case 76..<79: slot.retryNow(now: now)
        case 79..<87: renew()
        default: letTimePass()
        }
        checkState()
    }

    /// Lets the last flight end: nobody may be left waiting.
    mutating func end() {
        now = now + budget
        settle(slot.overdue(now: now, jitter: 0), ends: true)
        expect(waiting.isEmpty, "callers were never answered")
        expect(slot.waiterCount == 0, "the slot still knows waiters")
    }

    // MARK: Events

    private mutating func request() {
        let demand = demand()
        let (state, good) = (slot.state, slot.goodToken(at: now))
        waiters += 1
        let action = slot.request(demand, waiter: WaiterID(waiters), now: now, budget: budget)
        if live != nil, case .coolingDown = slot.state { retire() }  // given up on the way
        switch action {
        case .serve(let token, let flight):
            serve(token, demand)
            if let flight { begin(flight) }
        case .wait(let flight):
            waiting[WaiterID(waiters)] = demand
            guard let flight else { return expect(live != nil, "waits for nothing") }
            if good != nil { forced.append(now) }
            begin(flight)
        case .refuse(let failure, let retryAfter):
            expect(retryAfter > .zero, "refused without a time to come back")
            if case .coolingDown(let cooling, _) = state, failure == cooling.failure {
                expect(now < cooling.retryAt, "a failure stuck beyond its time")
                expect(now + retryAfter == cooling.retryAt, "told to come back at another time")
            }
        }
    }

    private mutating func demand() -> TokenDemand {
        var demand = TokenDemand()
        if Int.random(in: 0..<4, using: &random) == 0 {
            demand.minimumLife = .seconds(Int.random(in: 0...4_000, using: &random))
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            let offsets: [Int64] = [-100, -1, 0, 0, 0, 1, 1_000]
            demand.newerThan = Generation(generation.number + offsets.randomElement(using: &random)!)
            if Int.random(in: 0..<20, using: &random) == 0 { demand.newerThan = Generation(.max) }
        }
        return demand
    }

    private mutating func cancel() {
        guard let waiter = waiting.keys.sorted(by: { $0.number < $1.number }).randomElement(using: &random)
        else {
            return
        }
        slot.cancel(waiter)
        waiting[waiter] = nil
    }

    private mutating func land() {
        guard let flight = live else { return }
        let sentAt = max(flight.startedAt, now - .seconds(Int.random(in: 0...3, using: &random)))
        let token = Token(
            access: Secret("t"), issuedAt: sentAt, expiresAt: sentAt + life,
            generation: max(generation, slot.generation).next(at: sentAt), jitter: 0.5, refresh: nil)
        settle(slot.land(flight.id, with: token, from: .provider, now: now), ends: true)
    }

    private mutating func fail() {
        guard let flight = live else { return }
        let reason = [FailureReason.serverError, .timedOut, .invalidClient, .rateLimited].randomElement(
            using: &random)!
        let failure = ExchangeFailure(
            reason,
            retryAfter: Bool.random(using: &random) ? nil : .seconds(Int.random(in: 0...60, using: &random)))
        settle(
            slot.fail(flight.id, with: failure, now: now, jitter: Double.random(in: 0..<1, using: &random)),
            ends: true)
    }

    private mutating func recall() {
        guard let flight = live else { return }
        let stored = StoredFailure(
            reason: .invalidClient, count: Int.random(in: 1...9, using: &random), retryIn: .seconds(300))
        settle(slot.recall(flight.id, stored, now: now), ends: true)
    }

    /// A flight that is over answers all the same.
    private mutating func answerLate() {
        guard let flight = former.randomElement(using: &random) else { return }
        let before = slot.state
        let token = Token(
            access: Secret("late"), issuedAt: now, expiresAt: now + life, generation: Generation(.max - 1),
            jitter: 0,
            refresh: nil)
        let answers =
            if Bool.random(using: &random) {
                slot.land(flight.id, with: token, from: .provider, now: now)
            } else {
                slot.fail(flight.id, with: ExchangeFailure(.invalidClient), now: now, jitter: 0)
            }
        expect(answers == nil && slot.state == before, "a late answer changed something")
    }

    private mutating func withdraw() {
        settle(slot.withdraw(), ends: true)
        expect(waiting.isEmpty, "someone waits for a credential that has gone")
        expect(slot.heldToken == nil, "a withdrawn slot holds a token")
    }

    private mutating func renew() {
        settle(slot.overdue(now: now, jitter: Double.random(in: 0..<1, using: &random)), ends: true)
        let keepWarm = Int.random(in: 0..<4, using: &random) == 0
        if let flight = slot.renewIfDue(now: now, keepWarm: keepWarm, budget: budget) { begin(flight) }
    }

    private mutating func letTimePass() {
        let jumps: [Int64] = [1_000, 100_000, 1_000_000, 5_000_000, 30_000_000, 200_000_000, 3_600_000_000]
        now = now + .microseconds(Int64.random(in: 1...jumps.randomElement(using: &random)!, using: &random))
    }

    // MARK: The book

    private mutating func begin(_ flight: TokenSlot.Flight) {
        expect(live == nil, "two flights at once")
        expect(flight.deadline == now + budget, "the deadline is another")
        live = flight
    }

    private mutating func retire() {
        if let live { former.append(live) }
        live = nil
    }

    private mutating func settle(_ settlements: [Settlement]?, ends: Bool) {
        guard let settlements else { return }
        if ends { retire() }
        for settlement in settlements {
            guard let demand = waiting.removeValue(forKey: settlement.waiter) else {
                note("\(settlement.waiter) was answered twice or after it left")
                continue
            }
            switch settlement.verdict {
            case .serve(let token, _): serve(token, demand)
            case .refuse(_, let retryAfter): expect(retryAfter > .zero, "refused without a time to come back")
            }
        }
        expect(waiting.isEmpty, "a flight ended and left callers behind")
    }

    private mutating func serve(_ token: Token, _ demand: TokenDemand) {
        expect(token.isGood(at: now), "an ended token was served")
        expect(token.generation > demand.newerThan ?? .none, "a rejected generation was served")
    }

    private mutating func checkState() {
        expect(slot.generation >= generation, "the generation fell")
        generation = slot.generation
        expect(slot.waiterCount == waiting.count, "the slot lost or invented a waiter")
        if case .refreshing(let flight, _) = slot.state {
            expect(flight == live, "another flight than the one that was started")
        } else {
            expect(live == nil, "a flight was forgotten")
            expect(waiting.isEmpty, "callers wait for no flight")
        }
        for (index, first) in forced.enumerated() {
            let span = (forced.last ?? first) - first
            let allowed = 3 + span.fractionalSeconds / 30
            expect(Double(forced.count - index) <= allowed + 0.001, "too many forced renewals")
        }
    }

    private mutating func expect(_ condition: Bool, _ text: StaticString) {
        if !condition { note("\(text)") }
    }

    private mutating func note(_ text: String) {
        if fault == nil { fault = text }
    }
}
