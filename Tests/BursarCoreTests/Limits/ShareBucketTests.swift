// A replica's bucket: its part of the limit, and what it lends and borrows.
import BursarCore
import Testing

@Suite struct ShareBucketTests {
    private let start = Instant(seconds: 1_790_812_800)
    private let limit = RateLimit(count: 50, period: .seconds(1), burst: 100)!
    private let half = ReplicaShare(millionths: 500_000)

    private func bucket(_ share: ReplicaShare) -> ShareBucket { ShareBucket(limit, share: share, now: start) }

    /// Spends all there is.
    @discardableResult
    private func drain(_ bucket: inout ShareBucket, at now: Instant) -> Int {
        var count = 0
        while case .allowed = bucket.spend(now: now).decision { count += 1 }
        return count
    }

    private func answers(_ count: Double) -> Quota { Quota(millionths: Int64(count * 1_000_000)) }

    // MARK: Shares

    @Test func theWholeShareIsTheWholeLimit() {
        var (bucket, rate) = (bucket(.whole), GenericCellRate())
        for step in 0..<300 {
            let now = start + .milliseconds(7 * step)
            #expect(bucket.spend(now: now).decision == rate.spend(limit, now: now))
        }
    }

    @Test func aShareHasItsPartOfBurstAndRate() {
        var bucket = bucket(half)
        #expect(drain(&bucket, at: start) == 50)
        #expect(drain(&bucket, at: start + .seconds(1)) == 25)
        #expect(drain(&bucket, at: start + .seconds(61)) == 50)
    }

    @Test func whoReadTheClockLongAgoIsJudgedByTheLatestTime() {
        var bucket = bucket(.whole)
        drain(&bucket, at: start)
        let later = start + .seconds(10)
        #expect(bucket.spend(now: later).decision == .allowed(remaining: 99, reset: .milliseconds(20)))
        #expect(bucket.spend(now: start).decision == .allowed(remaining: 98, reset: .milliseconds(40)))
        #expect(drain(&bucket, at: start) == 98, "and by no later one")
    }

    @Test func theSmallestPartOfABurstIsOneAnswer() throws {
        let limit = try #require(RateLimit(count: 1, period: .seconds(1), burst: 1))
        var bucket = ShareBucket(limit, share: .equal(among: 4), now: start)
        #expect(drain(&bucket, at: start) == 1)
        #expect(drain(&bucket, at: start + .milliseconds(3_999)) == 0)
        #expect(drain(&bucket, at: start + .milliseconds(4_001)) == 1)
    }

    @Test(arguments: [ReplicaShare.none, ReplicaShare(millionths: 3)])
    func withoutAShareNothingIsGranted(share: ReplicaShare) {
        var bucket = bucket(share)
        #expect(
            bucket.spend(now: start).decision == .denied(retryAfter: .seconds(1), reset: .seconds(1)))
        bucket.shape(limit, share: half, now: start + .seconds(1))
        #expect(drain(&bucket, at: start + .seconds(1)) == 50, "the first share comes with its burst")
    }

    @Test func aSmallerShareHoldsNoMoreThanItsPart() {
        var bucket = bucket(.whole)
        bucket.shape(limit, share: half, now: start)
        #expect(drain(&bucket, at: start) == 50)
    }

    @Test func aSmallerShareLosesNothingThatFitsIt() {
        var bucket = bucket(.whole)
        for _ in 0..<70 { _ = bucket.spend(now: start) }
        bucket.shape(limit, share: half, now: start)
        #expect(drain(&bucket, at: start) == 30)
    }

    @Test func aLargerShareGrantsNothingAtOnce() {
        var bucket = bucket(half)
        bucket.shape(limit, share: .whole, now: start)
        #expect(drain(&bucket, at: start) == 50)
        #expect(drain(&bucket, at: start + .seconds(1)) == 50)
    }

    @Test func aShareThatWasLostComesBackEmpty() {
        var bucket = bucket(half)
        bucket.shape(limit, share: .none, now: start)
        bucket.shape(limit, share: half, now: start)
        #expect(drain(&bucket, at: start) == 0)
        #expect(drain(&bucket, at: start + .seconds(1)) == 25)
    }

    @Test func anotherLimitKeepsThePartThatIsSpent() throws {
        let larger = try #require(RateLimit(count: 500, period: .seconds(1), burst: 1_000))
        var (full, spent) = (bucket(.whole), bucket(.whole))
        for _ in 0..<75 { _ = spent.spend(now: start) }
        full.shape(larger, share: .whole, now: start)
        spent.shape(larger, share: .whole, now: start)
        #expect(drain(&full, at: start) == 1_000)
        #expect(drain(&spent, at: start) == 250)
    }

    @Test func theLargestLimitsDoNotOverflow() throws {
        for (count, period, burst) in [(1, 86_400, 1_000_000), (1_000_000, 1, 1_000_000), (1, 86_400, 1)] {
            let limit = try #require(RateLimit(count: count, period: .seconds(period), burst: burst))
            var bucket = ShareBucket(limit, share: ReplicaShare(millionths: 1_000), now: start)
            guard case .allowed = bucket.spend(now: start).decision else {
                Issue.record("a full bucket must let one through")
                continue
            }
            _ = bucket.watch(now: start)
            _ = bucket.plan(now: start, isWanted: true, isAway: false)
            bucket.shape(limit, share: .whole, now: start)
            bucket.settle(taken: .none, left: .none, now: start)
        }
    }

    // MARK: Lending

    @Test func halfOfAFullBucketIsOffered() {
        var bucket = bucket(half)
        _ = bucket.watch(now: start)
        #expect(
            bucket.plan(now: start, isWanted: true, isAway: false)
                == .exchange(ask: .none, offer: answers(25)))
        #expect(drain(&bucket, at: start) == 25)
    }

    @Test func whatIsOutKeepsItsRoom() {
        var bucket = bucket(half)
        _ = bucket.watch(now: start)
        _ = bucket.plan(now: start, isWanted: true, isAway: false)
        bucket.settle(taken: .none, left: answers(25), now: start)
        let later = start + .seconds(60)
        #expect(drain(&bucket, at: later) == 25, "as much as is out is missing")
    }

    @Test func whatWasTakenComesBackWithTimeOnly() {
        var bucket = bucket(half)
        _ = bucket.watch(now: start)
        _ = bucket.plan(now: start, isWanted: true, isAway: false)
        let later = start + .seconds(60)
        bucket.settle(taken: .none, left: .none, now: later)
        #expect(drain(&bucket, at: later) == 25)
        #expect(drain(&bucket, at: later + .seconds(60)) == 50)
    }

    @Test func anOfferStaysOutUntilAnExchangeTellsOtherwise() {
        var bucket = bucket(half)
        _ = bucket.watch(now: start)
        _ = bucket.plan(now: start, isWanted: true, isAway: false)
        bucket.lose(now: start)
        let later = start + .seconds(3_600)
        #expect(
            bucket.plan(now: later, isWanted: true, isAway: true) == .exchange(ask: .none, offer: .none),
            "it asks what is left, and risks nothing more")
        bucket.lose(now: later)
        #expect(drain(&bucket, at: later) == 25)
    }

    @Test func nobodyLendsUnasked() {
        var bucket = bucket(half)
        _ = bucket.watch(now: start)
        for step in 0..<3 {
            let now = start + .milliseconds(250 * step)
            #expect(bucket.plan(now: now, isWanted: false, isAway: false) == .rest)
        }
        #expect(bucket.plan(now: start + .seconds(1), isWanted: false, isAway: false) == .forget)
        let isWatchedAgain = bucket.watch(now: start + .seconds(1))
        #expect(isWatchedAgain, "when it is wanted")
    }

    // MARK: Borrowing

    @Test func aBucketIsNoticedWhenThreeQuartersAreSpent() {
        var bucket = bucket(half)
        let noticed = (1...50).filter { _ in bucket.spend(now: start).isNoticed }
        #expect(noticed == [38])
    }

    @Test func theOnlyReplicaIsNeverNoticed() {
        var bucket = bucket(.whole)
        for _ in 0..<200 { #expect(!bucket.spend(now: start).isNoticed) }
    }

    @Test func anEmptyBucketAsksForHalfAndGetsWhatWasTaken() {
        var bucket = bucket(half)
        drain(&bucket, at: start)
        #expect(
            bucket.plan(now: start, isWanted: false, isAway: false)
                == .exchange(ask: answers(25), offer: .none))
        bucket.settle(taken: answers(10), left: .none, now: start)
        #expect(drain(&bucket, at: start) == 10)
    }

    @Test func noMoreIsBelievedThanWasAskedFor() {
        var bucket = bucket(half)
        drain(&bucket, at: start)
        _ = bucket.plan(now: start, isWanted: false, isAway: false)
        bucket.settle(taken: answers(1_000), left: answers(1_000), now: start)
        #expect(drain(&bucket, at: start) == 25)
    }

    @Test func whatIsAskedForKeepsItsRoomWhileTheAnswerIsOut() {
        var bucket = bucket(half)
        drain(&bucket, at: start)
        _ = bucket.plan(now: start, isWanted: false, isAway: false)
        let later = start + .seconds(60)
        #expect(drain(&bucket, at: later) == 25)
        bucket.settle(taken: answers(25), left: .none, now: later)
        #expect(drain(&bucket, at: later) == 25)
    }

    @Test func anAnswerThatIsLostGivesNothingAndFreesTheRoom() {
        var bucket = bucket(half)
        drain(&bucket, at: start)
        _ = bucket.plan(now: start, isWanted: false, isAway: false)
        bucket.lose(now: start)
        #expect(drain(&bucket, at: start) == 0)
        #expect(drain(&bucket, at: start + .seconds(60)) == 50)
    }

    // MARK: What callers are told

    @Test func theFirstWhoIsDeniedIsToldThatHelpMayCome() throws {
        let slow = try #require(RateLimit(count: 1, period: .seconds(3_600), burst: 10))
        var bucket = ShareBucket(slow, share: half, now: start)
        drain(&bucket, at: start)
        func pause() -> Duration? {
            guard case .denied(let pause, _) = bucket.spend(now: start).decision else { return nil }
            return pause
        }
        #expect(pause() == .seconds(1))
        _ = bucket.plan(now: start, isWanted: false, isAway: false)
        bucket.settle(taken: .none, left: .none, now: start)
        #expect(pause() == .seconds(3_600), "nobody had any: when the whole limit allows one more")
        _ = bucket.plan(now: start, isWanted: false, isAway: false)
        bucket.lose(now: start)
        #expect(pause() == .seconds(7_200), "alone: when this bucket does")
    }
}
