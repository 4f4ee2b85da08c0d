// Replicas that share one tenant's limit, under simulated time, with everything that may go wrong.
import BursarCore
import BursarTestSupport

/// Buckets and a quota store, stepped a millisecond at a time. Exchanges take time, their answers get lost,
/// they come late, the store goes away, and shares move; the sum of the shares is never more than one.
struct QuotaSimulation {
    struct Replica {
        let id: ReplicaID
        var bucket: ShareBucket
        var share: ReplicaShare
        /// Requests a second.
        var load: Double
        var exchanges: Int64 = 0
        var ticks = 0
        var nextTick: Instant
        var isWanted = false
        var isAway = false
        var isWatched = false
        var call: Call?
        var admitted = 0
        var denied = 0
    }

    /// An exchange that is under way.
    struct Call {
        let request: QuotaRequest
        let ends: Instant
        /// Nil once the store has made it.
        var reaches: Instant?
        var answer: QuotaAnswer?
        /// Whether the replica hears of it at all.
        let isHeard: Bool
    }

    let limit: RateLimit
    let tenant = TenantID(UUIDValue(high: 1, low: 1))
    let clock = ManualClock()
    let store: MemoryQuotaStore
    var replicas: [Replica]
    var random: SplitMix64
    /// Parts of exchanges whose answer is lost, and of those that never reach the store.
    var lossRate = 0.0
    var isStoreAway = false
    /// Exchanges that a client gave up but that reach the store after all.
    private var strays: [(at: Instant, request: QuotaRequest)] = []
    private(set) var violation: String?
    private var level: Double = 0
    private var measuredAt: Instant
    /// What every window may exceed the rate by.
    private var allowance: Double = 0

    init(_ limit: RateLimit, shares: [Int], loads: [Double], seed: UInt64) {
        self.limit = limit
        store = MemoryQuotaStore(clock: clock)
        random = SplitMix64(seed: seed)
        let now = clock.now()
        measuredAt = now
        replicas = shares.indices.map { index in
            let share = ReplicaShare(millionths: shares[index])
            return Replica(
                id: ReplicaID(UUIDValue(high: UInt64(index), low: 1)),
                bucket: ShareBucket(limit, share: share, now: now), share: share, load: loads[index],
                nextTick: now + .milliseconds(index * 77 % 250))
        }
        widenAllowance()
    }

    /// Each replica may grant one answer at once, however small its part of the burst.
    private mutating func widenAllowance() {
        let parts = replicas.filter { $0.share > .none }
            .map { max(1, Double(limit.burst) * Double($0.share.millionths) / 1_000_000) }
        allowance = max(allowance, Double(limit.burst), parts.reduce(0, +))
    }

    var admitted: Int { replicas.reduce(0) { $0 + $1.admitted } }

    /// Answers a second that the limit allows.
    var rate: Double { Double(limit.count) / limit.period.fractionalSeconds }

    // MARK: Passing time

    mutating func run(for duration: Duration) {
        let end = clock.now() + duration
        while clock.now() < end, violation == nil {
            clock.advance(by: .milliseconds(1))
            deliverStrays()
            for index in replicas.indices {
                request(at: index)
                exchange(at: index)
            }
        }
    }

    private mutating func request(at index: Int) {
        var expected = replicas[index].load / 1_000
        while expected > 0 {
            if Double.random(in: 0..<1, using: &random) < expected { spend(at: index) }
            expected -= 1
        }
    }

    mutating func spend(at index: Int) {
        let now = clock.now()
        let (decision, isNoticed) = replicas[index].bucket.spend(now: now)
        if isNoticed { replicas[index].isWatched = true }
        switch decision {
        case .denied: replicas[index].denied += 1
        case .allowed:
            replicas[index].admitted += 1
            admit(at: now)
        }
    }

    /// A bucket that leaks at the limit's rate and never overflows has kept the bound in all windows at once.
    private mutating func admit(at now: Instant) {
        level = max(0, level - (now - measuredAt).fractionalSeconds * rate) + 1
        measuredAt = now
        guard level > allowance + 0.001, violation == nil else { return }
        violation =
            "\(level) above the rate, \(allowance) allowed, at \(now - Instant(seconds: 1_790_812_800))"
    }

    // MARK: Exchanging, as QuotaDesk does

    private mutating func exchange(at index: Int) {
        if replicas[index].call != nil { proceed(at: index) }
        guard replicas[index].call == nil, clock.now() >= replicas[index].nextTick else { return }
        replicas[index].nextTick = clock.now() + .milliseconds(250)
        defer { replicas[index].ticks += 1 }
        let isIdle = !replicas[index].isWatched || replicas[index].isAway
        if isIdle && replicas[index].ticks % 4 != 0 { return }
        begin(at: index)
    }

    private mutating func begin(at index: Int) {
        let now = clock.now()
        var steps: [QuotaStep] = []
        if replicas[index].isWatched {
            let plan = replicas[index].bucket.plan(
                now: now, isWanted: replicas[index].isWanted, isAway: replicas[index].isAway)
            switch plan {
            case .forget: replicas[index].isWatched = false
            case .rest: break
            case .exchange(let ask, let offer): steps = [QuotaStep(tenant: tenant, ask: ask, offer: offer)]
            }
        }
        replicas[index].exchanges += 1
        let request = QuotaRequest(
            replica: replicas[index].id, number: replicas[index].exchanges, steps: steps)
        let isLost = isStoreAway || Double.random(in: 0..<1, using: &random) < lossRate
        let lasts = isLost ? 2_000 : Int.random(in: 2...30, using: &random)
        let reaches = Int.random(in: 1...(isLost ? 4_000 : lasts), using: &random)
        if isLost, !isStoreAway, Bool.random(using: &random) {
            strays.append((now + .milliseconds(reaches), request))
        }
        replicas[index].call = Call(
            request: request, ends: now + .milliseconds(lasts),
            reaches: isLost ? nil : now + .milliseconds(reaches), isHeard: !isLost)
    }

    private mutating func proceed(at index: Int) {
        guard var call = replicas[index].call else { return }
        let now = clock.now()
        if let reaches = call.reaches, now >= reaches {
            call.answer = store.answer(call.request)
            call.reaches = nil
        }
        replicas[index].call = now < call.ends ? call : nil
        if now >= call.ends { end(call, at: index) }
    }

    private mutating func end(_ call: Call, at index: Int) {
        let now = clock.now()
        replicas[index].isAway = !call.isHeard
        guard call.isHeard, let answer = call.answer else {
            if !call.request.steps.isEmpty { replicas[index].bucket.lose(now: now) }
            return
        }
        if let settlement = answer.settlements.first {
            replicas[index].bucket.settle(taken: settlement.taken, left: settlement.left, now: now)
        } else if !call.request.steps.isEmpty {
            replicas[index].bucket.lose(now: now)
        }
        replicas[index].isWanted = answer.wanted.contains(tenant)
        if replicas[index].isWanted, replicas[index].bucket.watch(now: now) {
            replicas[index].isWatched = true
        }
    }

    private mutating func deliverStrays() {
        let now = clock.now()
        for stray in strays where stray.at <= now { _ = store.answer(stray.request) }
        strays.removeAll { $0.at <= now }
    }

    // MARK: Shares

    /// Lower ones first, as replicas do.
    mutating func share(_ shares: [Int]) {
        let now = clock.now()
        let wanted = shares.map(ReplicaShare.init(millionths:))
        let lower = wanted.indices.filter { wanted[$0] < replicas[$0].share }
        let others = wanted.indices.filter { wanted[$0] >= replicas[$0].share }
        for index in lower + others {
            replicas[index].share = wanted[index]
            replicas[index].bucket.shape(limit, share: wanted[index], now: now)
        }
        widenAllowance()
    }
}
