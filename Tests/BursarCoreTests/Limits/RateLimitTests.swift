// The rate limit: its text, and that no more passes than it says.
import BursarCore
import BursarTestSupport
import Testing

@Suite struct RateLimitTests {
    @Test(arguments: [
        ("50/s", 50, 1), ("600/m", 600, 60), ("1000/h", 1_000, 3_600), ("10000/d", 10_000, 86_400),
    ])
    func rateTextIsRead(text: String, count: Int, seconds: Int) throws {
        let limit = try #require(RateLimit.parse(rate: text, burst: 5))
        #expect(limit.count == count && limit.period == .seconds(seconds) && limit.burst == 5)
        #expect(limit.description == text)
    }

    @Test(arguments: [
        "", "50", "/s", "50/", "50/x", "50/s/s", "0/s", "-1/s", "1000001/s", "5.5/s", " 5/s", "5 /s",
    ])
    func nonsenseIsNotARate(text: String) {
        #expect(RateLimit.parse(rate: text, burst: 5) == nil)
    }

    @Test func boundsAreKept() {
        #expect(RateLimit(count: 0, period: .seconds(1), burst: 1) == nil)
        #expect(RateLimit(count: 1, period: .seconds(1), burst: 0) == nil)
        #expect(RateLimit(count: 1, period: .milliseconds(999), burst: 1) == nil)
        #expect(RateLimit(count: 1, period: .seconds(86_401), burst: 1) == nil)
        #expect(RateLimit(count: 1_000_000, period: .seconds(1), burst: 1_000_000) != nil)
    }

    @Test func theLargestLimitsDoNotOverflow() throws {
        let slow = try #require(RateLimit(count: 1, period: .seconds(86_400), burst: 1_000_000))
        var rate = GenericCellRate()
        guard case .allowed = rate.spend(slow, now: start) else {
            Issue.record("a full bucket must let one through")
            return
        }
        #expect(slow.window == .seconds(86_400) * 1_000_000)
    }

    // MARK: The algorithm

    let start = Instant(seconds: 1_790_812_800)

    private func isAllowed(_ rate: inout GenericCellRate, _ limit: RateLimit, at now: Instant) -> Bool {
        if case .allowed = rate.spend(limit, now: now) { true } else { false }
    }

    @Test func theWholeBurstPassesAtOnceAndNoMore() throws {
        let limit = try #require(RateLimit(count: 50, period: .seconds(1), burst: 100))
        var rate = GenericCellRate()
        for left in (0..<100).reversed() {
            #expect(
                rate.spend(limit, now: start)
                    == .allowed(remaining: left, reset: limit.interval * (100 - left)))
        }
        #expect(rate.spend(limit, now: start) == .denied(retryAfter: .milliseconds(20), reset: .seconds(2)))
    }

    @Test func afterTheStatedPauseOneMorePasses() throws {
        let limit = try #require(RateLimit(count: 7, period: .seconds(60), burst: 3))
        var rate = GenericCellRate()
        for _ in 0..<3 { _ = rate.spend(limit, now: start) }
        guard case .denied(let pause, _) = rate.spend(limit, now: start) else {
            Issue.record("the burst is spent")
            return
        }
        let rounded = Duration.microseconds(pause.microseconds + 1)
        #expect(!isAllowed(&rate, limit, at: start + rounded - .milliseconds(1)))
        #expect(isAllowed(&rate, limit, at: start + rounded))
        #expect(!isAllowed(&rate, limit, at: start + rounded))
    }

    @Test func aDenialCostsNothing() throws {
        let limit = try #require(RateLimit(count: 1, period: .seconds(1), burst: 1))
        var rate = GenericCellRate()
        #expect(isAllowed(&rate, limit, at: start))
        for step in 1..<100 { #expect(!isAllowed(&rate, limit, at: start + .milliseconds(10 * step))) }
        #expect(isAllowed(&rate, limit, at: start + .seconds(1)))
    }

    @Test func steadyLoadAtTheLimitPassesWhole() throws {
        for (count, seconds) in [
            (1, 1), (50, 1), (1_000, 1), (1_000_000, 1), (600, 60), (2, 60), (1_000, 86_400),
        ] {
            let limit = try #require(RateLimit(count: count, period: .seconds(seconds), burst: 1))
            var rate = GenericCellRate()
            var now = start
            for _ in 0..<2_000 {
                #expect(isAllowed(&rate, limit, at: now))
                now = now + limit.interval
            }
        }
    }

    /// The promise of the algorithm: in any span that starts with a full bucket, at most burst + rate × span.
    @Test(arguments: TestLength.seeds(short: 200, long: 20_000))
    func neverMoreThanBurstAndRateAllow(seeds: Range<UInt64>) throws {
        for seed in seeds {
            var random = SplitMix64(seed: seed)
            let count = Int.random(in: 1...Int.random(in: 1...1_000_000, using: &random), using: &random)
            let period = [1, 60, 3_600, 86_400].randomElement(using: &random)!
            let burst = Int.random(in: 1...200, using: &random)
            let limit = try #require(RateLimit(count: count, period: .seconds(period), burst: burst))
            var rate = GenericCellRate()
            var now = start
            var admitted = 0
            for _ in 0..<500 {
                if isAllowed(&rate, limit, at: now) { admitted += 1 }
                let allowed = Double(burst) + (now - start).fractionalSeconds * Double(count) / Double(period)
                guard Double(admitted) <= allowed + 0.000_001 else {
                    Issue.record(
                        "seed \(seed): \(admitted) admitted where \(limit) with \(burst) allows \(allowed)")
                    return
                }
                let step = Double(limit.interval.microseconds) * Double.random(in: 0...2, using: &random)
                now = now + .microseconds(Int64(step))
            }
        }
    }

    @Test func timeThatStandsStillOrJumpsBackLetsNothingMorePass() throws {
        let limit = try #require(RateLimit(count: 1, period: .seconds(1), burst: 2))
        var rate = GenericCellRate()
        #expect(isAllowed(&rate, limit, at: start))
        #expect(isAllowed(&rate, limit, at: start))
        #expect(!isAllowed(&rate, limit, at: start - .seconds(100)))
        #expect(!isAllowed(&rate, limit, at: start))
    }
}
