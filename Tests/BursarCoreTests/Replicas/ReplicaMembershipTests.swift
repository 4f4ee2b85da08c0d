// Shares of the limits: what one replica does with an answer, and what many do by chance.
import BursarCore
import BursarTestSupport
import Testing

@Suite struct ReplicaMembershipTests {
    private func news(_ members: Int, share: Int) -> ReplicaNews {
        ReplicaNews(
            version: ConfigVersion(1), members: members, live: members,
            share: ReplicaShare(millionths: share), now: Instant(seconds: 0))
    }

    @Test func itStartsWithNothing() {
        let member = ReplicaMembership()
        #expect(member.share == .none && member.news == nil)
    }

    @Test func itTakesWhatIsGranted() {
        var member = ReplicaMembership()
        let beat = member.nextBeat()
        #expect(member.hear(news(2, share: 400_000), answering: beat) == .rest)
        #expect(member.share == ReplicaShare(millionths: 400_000))
    }

    @Test func itGivesUpWhatIsMoreThanAnEqualPartAndSaysSoAtOnce() {
        var member = ReplicaMembership()
        let first = member.nextBeat()
        _ = member.hear(news(1, share: 1_000_000), answering: first)
        let second = member.nextBeat()
        #expect(member.hear(news(3, share: 1_000_000), answering: second) == .beatAgain)
        #expect(member.share == .equal(among: 3))
    }

    @Test func theAnswerToAnEarlierHeartbeatGrantsNothing() {
        var member = ReplicaMembership()
        let first = member.nextBeat()
        _ = member.nextBeat()
        #expect(member.hear(news(1, share: 1_000_000), answering: first) == .rest)
        #expect(member.share == .none && member.news == nil)
    }

    // MARK: Many of them

    @Test(arguments: TestLength.seeds(short: 200, long: 5_000))
    func theSharesNeverAddUpToMoreThanTheWhole(seeds: Range<UInt64>) {
        for seed in seeds {
            var life = ReplicasLife(seed: seed)
            for step in 0..<400 {
                life.step()
                guard life.sum <= 1_000_000 else {
                    Issue.record("seed \(seed), step \(step): the shares add up to \(life.sum)")
                    return
                }
            }
            life.settle()
            let fair = ReplicaShare.equal(among: life.count).millionths
            #expect(life.shares.allSatisfy { $0 == fair }, "seed \(seed): \(life.shares)")
        }
    }
}

/// Replicas that join, leave, die and start anew, whose heartbeats and answers get lost or held up.
private struct ReplicasLife {
    private struct Replica {
        let id: ReplicaID
        let place: UUIDValue
        var member = ReplicaMembership()
    }

    private let clock = ManualClock()
    private let store: MemoryReplicaStore
    private var random: SplitMix64
    private var replicas: [Replica] = []
    private var held: [ReplicaReport] = []
    private var late: [(report: ReplicaReport, news: ReplicaNews)] = []
    private var made: UInt64 = 0

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        store = MemoryReplicaStore(clock: clock) { ConfigVersion(1) }
        join(at: nil)
    }

    var count: Int { replicas.count }
    var shares: [Int] { replicas.map(\.member.share.millionths) }
    var sum: Int { shares.reduce(0, +) }

    mutating func step() {
        clock.advance(by: .milliseconds(Int.random(in: 0...300, using: &random)))
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<3: if replicas.count < 6 { join(at: nil) }
        case 3..<5: leave()
        case 5..<7: restart()
        case 7..<8: clock.advance(by: .seconds(Int.random(in: 1...9, using: &random)))
        case 8..<14: if !held.isEmpty { _ = store.take(held.remove(at: pick(held.count))) }
        case 14..<18: if !late.isEmpty { deliver(late.remove(at: pick(late.count))) }
        default: beat(pick(replicas.count))
        }
        // Nobody is cut off for a minute while others are heard.
        if Int.random(in: 0..<20, using: &random) == 0 { replicas.indices.forEach { reach($0) } }
    }

    /// Every heartbeat arrives, and so does its answer, for as long as a dead replica is remembered.
    mutating func settle() {
        (held, late) = ([], [])
        for _ in 0..<70 {
            clock.advance(by: .seconds(1))
            replicas.indices.forEach { reach($0) }
        }
    }

    private mutating func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    private mutating func join(at place: UUIDValue?) {
        made += 1
        replicas.append(
            Replica(
                id: ReplicaID(UUIDValue(high: 1, low: made)), place: place ?? UUIDValue(high: 2, low: made)))
    }

    private mutating func leave() {
        guard replicas.count > 1 else { return }
        let gone = replicas.remove(at: pick(replicas.count))
        // Half of them just die.
        if Bool.random(using: &random) { store.remove(gone.id) }
        held.removeAll { $0.id == gone.id }
    }

    /// Killed, and started again on the same state directory.
    private mutating func restart() {
        let gone = replicas.remove(at: pick(replicas.count))
        held.removeAll { $0.id == gone.id }
        join(at: gone.place)
    }

    private func report(_ replica: Replica, beat: Int64) -> ReplicaReport {
        ReplicaReport(
            id: replica.id, place: replica.place, label: ReplicaLabel(name: "host", program: "test"),
            keyIDs: [], beat: beat, applied: nil, share: replica.member.share)
    }

    private mutating func beat(_ index: Int) {
        let report = report(replicas[index], beat: replicas[index].member.nextBeat())
        switch Int.random(in: 0..<10, using: &random) {
        case 0: break  // the heartbeat is lost
        case 1: held.append(report)  // it arrives later, when its answer interests nobody
        case 2: late.append((report, store.take(report)))  // its answer is late, or lost
        default: _ = replicas[index].member.hear(store.take(report), answering: report.beat)
        }
    }

    private mutating func deliver(_ answer: (report: ReplicaReport, news: ReplicaNews)) {
        guard let index = replicas.firstIndex(where: { $0.id == answer.report.id }) else { return }
        _ = replicas[index].member.hear(answer.news, answering: answer.report.beat)
    }

    private mutating func reach(_ index: Int) {
        var action = ReplicaMembership.Action.beatAgain
        while action == .beatAgain {
            let report = report(replicas[index], beat: replicas[index].member.nextBeat())
            action = replicas[index].member.hear(store.take(report), answering: report.beat)
        }
    }
}
