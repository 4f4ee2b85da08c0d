// The whole gateway by chance: tenants, clients, three replicas, outages, frozen replicas, lost answers and
// rotations in any order.
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct GatewaySimulation {
    @Test(arguments: TestLength.seeds(short: 100, long: 2_000))
    func theGatewayKeepsItsPromisesWhateverHappens(seeds: Range<UInt64>) {
        for seed in seeds {
            let life = GatewayLife(seed: seed, store: .answers)
            guard isFaultless(life, seed) else { return }
        }
    }

    @Test(arguments: TestLength.seeds(short: 100, long: 2_000))
    func andWhenTheDatabaseComesAndGoes(seeds: Range<UInt64>) {
        for seed in seeds {
            let life = GatewayLife(seed: seed, store: .comesAndGoes)
            guard isFaultless(life, seed) else { return }
        }
    }

    @Test(arguments: TestLength.seeds(short: 100, long: 2_000))
    func andWhenItsAnswersAreLostOnTheWay(seeds: Range<UInt64>) {
        for seed in seeds {
            let life = GatewayLife(seed: seed, store: .losesAnswers)
            guard isFaultless(life, seed) else { return }
        }
    }

    private func isFaultless(_ life: GatewayLife, _ seed: UInt64) -> Bool {
        for step in 0..<80 {
            life.step()
            if let fault = life.fault {
                Issue.record("seed \(seed), step \(step): \(fault)")
                return false
            }
        }
        life.end()
        if let fault = life.fault { Issue.record("seed \(seed), at the end: \(fault)") }
        return life.fault == nil
    }
}

/// Three replicas, some merchants, and a book of who asked for what.
private final class GatewayLife {
    enum Store { case answers, comesAndGoes, losesAnswers }

    private struct Merchant {
        let enrolled: TestMerchant
        var accounts: Set<String>
    }

    private struct Asked {
        let merchant: Int
        let demand: TokenDemand
        let pending: PendingAnswer<ServedToken>
        let replica: Int
        /// By when the answer has to be there; later for who waited at a frozen replica.
        var deadline: Instant
        var isCancelled = false
        var isChecked = false
    }

    private let fixture: GatewayFixture
    /// Those beside the first one.
    private let others: [Gateway]
    private var frozen: Set<Int> = []
    private let store: Store
    private var random: SplitMix64
    private var merchants: [Merchant] = []
    private var asked: [Asked] = []
    private(set) var fault: String?

    init(seed: UInt64, store: Store) {
        random = SplitMix64(seed: seed)
        self.store = store
        var options = GatewayFixture.Options()
        options.seed = seed
        options.shuffles = seed % 2 == 0
        for id in options.profiles.keys { options.profiles[id]?.limits.concurrency = 2 }
        fixture = GatewayFixture(options)
        for index in 0..<12 {
            let profile = index % 2 == 0 ? ProviderProfile.zertiban : .paymentAPI
            let enrolled = fixture.addMerchant(profile, lifetime: .seconds(index % 3 == 0 ? 60 : 300))
            merchants.append(Merchant(enrolled: enrolled, accounts: [enrolled.account]))
        }
        others = [fixture.addReplica(), fixture.addReplica()]
        let lost = Int(seed % 7)
        if store == .losesAnswers { fixture.tokens.availability.loses = { $0 % 7 == lost } }
    }

    func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<50: for _ in 0..<Int.random(in: 1...10, using: &random) { ask() }
        case 50..<55: cancel()
        case 55..<65: script()
        case 65..<70: fixture.provider.release()
        case 70..<73: rotate()
        case 73..<75: report()
        case 75..<77 where store == .comesAndGoes: toggleStores()
        case 77..<79: touch()
        case 79..<82: freezeOrThaw()
        default: letTimePass()
        }
        fixture.settle()
        check()
    }

    /// Everything recovers; everyone must have been answered, and every answer counted.
    func end() {
        setStores(nil)
        fixture.tokens.availability.loses = nil
        for index in frozen { thaw(index) }
        fixture.provider.recover()
        fixture.provider.release()
        fixture.advance(by: .seconds(60))
        for other in others { _ = fixture.run { await other.flushUsage() } }
        fixture.flush()
        check()
        for entry in asked where !entry.isCancelled && entry.pending.count != 1 {
            note("a caller got \(entry.pending.count) answers")
        }
        let answers = asked.map(\.pending.count).reduce(0, +)
        expect(fixture.usage.sum == Int64(answers), "\(answers) answers, counted \(fixture.usage.sum)")
        let calls = fixture.provider.calls.count
        expect(fixture.usage.events.count == calls, "\(calls) calls, \(fixture.usage.events.count) events")
        for provider in [ProviderProfile.zertiban.id, ProviderProfile.paymentAPI.id] {
            let peak = fixture.provider.peak(ConnectionChoice(provider: provider, environment: .sandbox))
            expect(peak <= 3 * 2, "\(peak) calls at once where three replicas may make two each")
        }
        let most = store == .answers ? 1 : 3
        expect(
            fixture.provider.peakOfAccounts <= most,
            "\(fixture.provider.peakOfAccounts) exchanges for one slot")
    }

    // MARK: Events

    private func ask() {
        let index = merchants.indices.randomElement(using: &random)!
        var demand = TokenDemand()
        if Int.random(in: 0..<5, using: &random) == 0 { demand.minimumLife = .seconds(100) }
        if Int.random(in: 0..<5, using: &random) == 0 {
            let known = asked.last { $0.merchant == index && $0.pending.served != nil }
            demand.newerThan = known?.pending.served?.token.generation
        }
        let replica = (0...2).filter { !frozen.contains($0) }.randomElement(using: &random)!
        let gateway = replica == 0 ? fixture.gateway : others[replica - 1]
        let pending = fixture.begin(merchants[index].enrolled.client.request(demand), of: gateway)
        asked.append(
            Asked(
                merchant: index, demand: demand, pending: pending, replica: replica,
                deadline: fixture.clock.now() + Self.longest))
    }

    /// Two flights, the second after the credential was replaced: each a refresh, an exchange and 5 s for the
    /// store, and a look at the calendar.
    private static let longest: Duration = (.seconds(10) * 2 + .seconds(5) + .milliseconds(250)) * 2

    private func cancel() {
        let open = asked.indices.filter { asked[$0].pending.count == 0 }
        guard let index = open.randomElement(using: &random) else { return }
        asked[index].pending.cancel()
        asked[index].isCancelled = true
    }

    private func script() {
        let behaviours: [ScriptedProvider.Behaviour] = [
            .answer, .answer, .answerAfter(.milliseconds(300)), .answerAfter(.seconds(8)), .hold,
            .fail(ExchangeFailure(.serverError)), .fail(ExchangeFailure(.invalidClient)),
            .fail(ExchangeFailure(.rateLimited, retryAfter: .seconds(20))),
        ]
        let outages: [ScriptedProvider.Behaviour] = [
            .fail(ExchangeFailure(.serverError)), .hold, .fail(ExchangeFailure(.connectFailed)),
            .fail(ExchangeFailure(.invalidClient)),
        ]
        if Int.random(in: 0..<4, using: &random) == 0 {
            let outage = outages.randomElement(using: &random)!
            return fixture.provider.behave { _ in outage }
        }
        let drawn = (0..<5).map { _ in behaviours.randomElement(using: &random)! }
        fixture.provider.behave { drawn[$0.number % drawn.count] }
    }

    private func rotate() {
        let index = merchants.indices.randomElement(using: &random)!
        merchants[index].accounts.insert(
            fixture.replaceAccount(of: merchants[index].enrolled.credential, lifetime: .seconds(120)))
    }

    private func report() {
        guard let last = asked.last(where: { $0.pending.served != nil }),
            let token = last.pending.served?.token
        else {
            return
        }
        _ = fixture.report(token.access, by: merchants[last.merchant].enrolled.client)
    }

    private func touch() {
        let enrolled = merchants.randomElement(using: &random)!.enrolled
        fixture.tokens.endQuarantine(of: enrolled.credential)
        fixture.changeCredential(enrolled.credential) { $0.state = .active }
        fixture.changeTenant(enrolled.tenant) { $0.name += "." }
        if Bool.random(using: &random) { fixture.directory.forgetHistory() }
    }

    private func freezeOrThaw() {
        let index = Int.random(in: 1...2, using: &random)
        if frozen.contains(index) { return thaw(index) }
        frozen.insert(index)
        fixture.setFrozen(true, others[index - 1])
    }

    /// Who waits there has been kept waiting by the fault itself.
    private func thaw(_ index: Int) {
        frozen.remove(index)
        for entry in asked.indices where asked[entry].replica == index {
            asked[entry].deadline = max(asked[entry].deadline, fixture.clock.now() + Self.longest)
        }
        fixture.setFrozen(false, others[index - 1])
    }

    private func toggleStores() { setStores(fixture.tokens.availability.failure == nil ? .unavailable : nil) }

    private func setStores(_ failure: StoreFailure?) {
        fixture.tokens.availability.failure = failure
        fixture.directory.availability.failure = failure
        fixture.usage.availability.failure = failure
        fixture.replicas.availability.failure = failure
    }

    private func letTimePass() {
        let most: [Int] = [100, 1_000, 10_000, 60_000]
        let milliseconds = Int.random(in: 1...most.randomElement(using: &random)!, using: &random)
        fixture.advance(by: .milliseconds(milliseconds))
    }

    // MARK: The book

    private func check() {
        let now = fixture.clock.now()
        for entry in asked where !entry.isCancelled && entry.pending.count == 0 {
            guard !frozen.contains(entry.replica) else { continue }
            expect(now <= entry.deadline, "a caller still waits at \(now), beyond its deadline")
        }
        for index in asked.indices where !asked[index].isChecked && asked[index].pending.count > 0 {
            asked[index].isChecked = true
            let entry = asked[index]
            expect(entry.pending.count == 1, "answered \(entry.pending.count) times")
            // Whoever is refused may come back soon, unless the provider itself has named a time, or the
            // caller wants renewals faster than they are made.
            if case .unavailable(let reason, let retryAfter) = entry.pending.refusal, reason != .rateLimited,
                entry.demand.newerThan == nil
            {
                expect(retryAfter <= .seconds(10), "told to come back in \(retryAfter) after \(reason)")
            }
            guard let served = entry.pending.served else { continue }
            let merchant = merchants[entry.merchant]
            let holder = fixture.provider.holder(of: served.token.access) ?? "nobody"
            expect(
                merchant.accounts.contains(holder), "\(merchant.enrolled.account) got a token of \(holder)")
            expect(served.tenant == merchant.enrolled.tenant, "served for another tenant")
            let end = fixture.provider.end(of: served.token.access) ?? served.at
            expect(served.at < end && served.at < served.token.expiresAt, "an ended token was served")
            expect(
                served.token.generation > entry.demand.newerThan ?? .none, "a rejected generation was served")
        }
    }

    private func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition { note(text()) }
    }

    private func note(_ text: String) { if fault == nil { fault = text } }
}
