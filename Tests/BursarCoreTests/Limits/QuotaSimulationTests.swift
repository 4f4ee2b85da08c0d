// A limit over several replicas: never more than it says, and as much of it as can be had.
import BursarCore
import BursarTestSupport
import Testing

@Suite struct QuotaSimulationTests {
    private let standard = RateLimit.standard
    private static let thirds = [333_333, 333_333, 333_333]

    /// What was admitted within `span` after some seconds to settle in, as a part of the limit.
    private func part(
        of simulation: inout QuotaSimulation, within span: Duration = .seconds(60)
    ) -> Double {
        simulation.run(for: .seconds(5))
        let before = simulation.admitted
        simulation.run(for: span)
        #expect(simulation.violation == nil)
        return Double(simulation.admitted - before) / (simulation.rate * span.fractionalSeconds)
    }

    private func simulation(
        _ limit: RateLimit? = nil, shares: [Int] = Self.thirds, loads: [Double], seed: UInt64 = 1
    ) -> QuotaSimulation {
        QuotaSimulation(limit ?? standard, shares: shares, loads: loads, seed: seed)
    }

    // MARK: Enough

    @Test(arguments: [3, 10])
    func evenLoadGetsTheWholeLimit(replicas: Int) {
        let (shares, load) = (1_000_000 / replicas, 80.0 / Double(replicas))
        var even = simulation(
            shares: Array(repeating: shares, count: replicas), loads: Array(repeating: load, count: replicas))
        #expect(part(of: &even) >= 0.95)
    }

    @Test func loadOnOneOfThreeReplicasGetsTheWholeLimit() {
        var uneven = simulation(loads: [100, 0, 0])
        #expect(part(of: &uneven) >= 0.95)
    }

    @Test func loadOnOneReplicaLeavesTheOthersTheirs() {
        var uneven = simulation(loads: [100, 5, 5])
        #expect(part(of: &uneven) >= 0.95)
        #expect(uneven.replicas[1].denied == 0 && uneven.replicas[2].denied == 0)
    }

    @Test func loadThatMovesIsFollowed() {
        var moving = simulation(loads: [100, 0, 0])
        moving.run(for: .seconds(5))
        let before = moving.admitted
        for index in [1, 2, 0, 1] {
            for other in 0..<3 { moving.replicas[other].load = other == index ? 100 : 0 }
            moving.run(for: .seconds(15))
        }
        #expect(Double(moving.admitted - before) / (60 * moving.rate) >= 0.95)
        #expect(moving.violation == nil)
    }

    /// A bucket of a fifth of a second cannot carry a quarter of a second's load.
    @Test func loadOnOneOfTenReplicasGetsAtLeastHalf() {
        var uneven = simulation(
            shares: Array(repeating: 100_000, count: 10), loads: [100] + Array(repeating: 0, count: 9))
        #expect(part(of: &uneven) >= 0.45)
    }

    @Test func slowLimitsAreLentInPartsOfAnAnswer() throws {
        var slow = simulation(RateLimit(count: 60, period: .seconds(60), burst: 5), loads: [10, 0, 0])
        #expect(part(of: &slow, within: .seconds(300)) >= 0.95)
    }

    /// Documented: nothing is left to lend of a bucket that holds one answer.
    @Test func aBurstOfOneForEachReplicaIsNotLent() throws {
        var small = simulation(RateLimit(count: 60, period: .seconds(60), burst: 3), loads: [10, 0, 0])
        let part = part(of: &small, within: .seconds(300))
        #expect(part > 0.3 && part < 0.35)
    }

    // MARK: Without the store

    @Test func withoutTheStoreEachReplicaGrantsItsShare() {
        var alone = simulation(loads: [100, 100, 100])
        alone.isStoreAway = true
        #expect(part(of: &alone) >= 0.95)
        var uneven = simulation(loads: [100, 0, 0])
        uneven.isStoreAway = true
        #expect(part(of: &uneven) >= 0.3)
    }

    @Test func anOutageThatBeginsAmidLoansKeepsTheLimitAndTheShare() {
        var lending = simulation(loads: [100, 0, 0])
        lending.run(for: .seconds(10))
        lending.isStoreAway = true
        for index in 0..<3 { lending.replicas[index].load = 100 }
        lending.run(for: .seconds(5))
        let before = lending.admitted
        lending.run(for: .seconds(60))
        let part = Double(lending.admitted - before) / (60 * lending.rate)
        #expect(part >= 0.95 && lending.violation == nil)
    }

    // MARK: Never too much

    /// The limit's rate, and above it no more than the burst, or one for each replica: in every window, under
    /// moving load, lost and late exchanges, outages, and shares that move.
    @Test(arguments: TestLength.seeds(short: 40, long: 1_000))
    func neverMoreThanRateAndBurstInAnyWindow(seeds: Range<UInt64>) throws {
        for seed in seeds {
            var random = SplitMix64(seed: seed)
            let limit = try #require(
                RateLimit(
                    count: Int.random(in: 1...200, using: &random),
                    period: .seconds([1, 1, 10, 60].randomElement(using: &random)!),
                    burst: Int.random(in: 1...Int.random(in: 1...200, using: &random), using: &random)))
            var simulation = simulation(limit, loads: [0, 0, 0], seed: seed)
            for _ in 0..<12 {
                disturb(&simulation, with: &random)
                simulation.run(for: .milliseconds(Int.random(in: 100...4_000, using: &random)))
            }
            if let violation = simulation.violation {
                Issue.record("seed \(seed), \(limit) with \(limit.burst): \(violation)")
                return
            }
        }
    }

    private func disturb(_ simulation: inout QuotaSimulation, with random: inout SplitMix64) {
        for index in 0..<3 {
            let most = simulation.rate * Double([0, 0, 1, 1, 4].randomElement(using: &random)!)
            simulation.replicas[index].load = Double.random(in: 0...1, using: &random) * most
        }
        simulation.lossRate = [0, 0, 0.2, 0.6].randomElement(using: &random)!
        simulation.isStoreAway = Int.random(in: 0..<5, using: &random) == 0
        // All that a replica holds at once: only so is seen what it should not hold.
        for index in 0..<3 where Bool.random(using: &random) {
            for _ in 0..<200 { simulation.spend(at: index) }
        }
        guard Bool.random(using: &random) else { return }
        // Nobody's share falls to less than half: that is two replicas where there was one.
        let shares = [
            Self.thirds, [500_000, 250_000, 250_000], [250_000, 500_000, 250_000],
            [250_000, 250_000, 500_000],
            [300_000, 300_000, 400_000],
        ]
        simulation.share(shares.randomElement(using: &random)!)
    }

    /// What is held and what is out is never more than the parts of the burst, whatever is spent.
    @Test func whatIsHeldAndOfferedIsNeverMoreThanTheBurst() {
        var idle = simulation(loads: [100, 0, 0])
        idle.run(for: .seconds(10))
        for index in 0..<3 { idle.replicas[index].load = 0 }
        idle.run(for: .seconds(30))
        let before = idle.admitted
        for _ in 0..<500 { for index in 0..<3 { idle.spend(at: index) } }
        #expect(idle.admitted - before <= standard.burst)
        #expect(idle.admitted - before >= standard.burst - 3, "and after a rest it is all there again")
    }
}
