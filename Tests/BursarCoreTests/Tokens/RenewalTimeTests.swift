// When a token is renewed, for lives from a second to a day.
import BursarCore
import Testing

@Suite struct RenewalTimeTests {
    static let issuedAt = Instant(seconds: 1_790_812_800)

    /// Seconds after issue at which renewal starts.
    func renewal(life: Double, jitter: Double) -> Double {
        let end = Self.issuedAt + .microseconds(Int64(life * 1_000_000))
        let at = Token.renewalTime(issuedAt: Self.issuedAt, expiresAt: end, jitter: jitter)
        return (at - Self.issuedAt).fractionalSeconds
    }

    /// life, latest (no jitter), earliest (full jitter)
    @Test(arguments: [
        (1.0, 0.5, 0.4), (10, 5, 4), (60, 30, 24), (120, 60, 48), (179, 89.5, 71.6), (180, 90, 72),
        (269, 179, 152.1), (270, 180, 153), (300, 200, 170), (600, 400, 340), (900, 600, 510),
        (1_800, 1_200, 1_020), (3_600, 3_000, 2_640), (7_200, 6_600, 5_880), (86_400, 85_800, 77_160),
    ])
    func startsWithinItsBounds(life: Double, latest: Double, earliest: Double) {
        #expect(renewal(life: life, jitter: 0) == latest)
        let nearlyOne = renewal(life: life, jitter: 0.999_999)
        #expect(nearlyOne >= earliest && nearlyOne < earliest + life * 0.000_01)
    }

    @Test func aTokenOfFiveMinutesIsRenewedAfter170To200Seconds() {
        for step in 0..<1_000 {
            let at = renewal(life: 300, jitter: Double(step) / 1_000)
            #expect(at > 170 && at <= 200)
        }
    }

    /// OAuth libraries fetch again when less than a minute is left: they must never see such a token of ours.
    @Test func everyTokenOfThreeMinutesAndMoreIsRenewedWithNinetySecondsLeft() {
        for life in stride(from: 180.0, through: 86_400, by: 97) {
            #expect(life - renewal(life: life, jitter: 0) >= 90)
            #expect(renewal(life: life, jitter: 0.999_999) > life * 0.39)
        }
    }

    @Test func renewalLiesWithinTheLife() {
        for life in stride(from: 1.0, through: 86_400, by: 13.7) {
            for jitter in [0, 0.25, 0.5, 0.999_999] {
                let at = renewal(life: life, jitter: jitter)
                #expect(at > 0 && at < life)
            }
        }
    }

    @Test func jitterIsFixedWithTheToken() {
        let token = Token(
            access: Secret("t"), issuedAt: Self.issuedAt, expiresAt: Self.issuedAt + .seconds(300),
            generation: Generation(1), jitter: 0.5, refresh: nil)
        #expect(token.renewAt == Self.issuedAt + .seconds(185))
        #expect(token.renewAt == token.renewAt)
        #expect(token.jitter == 0.5)
    }
}

@Suite struct TokenTests {
    let token = Token(
        access: Secret("t"), issuedAt: Instant(seconds: 1_000), expiresAt: Instant(seconds: 1_300),
        generation: Generation(1), jitter: 0, refresh: nil)

    @Test func secondsLeftAreRoundedDown() {
        #expect(token.secondsLeft(at: Instant(seconds: 1_000)) == 300)
        #expect(token.secondsLeft(at: Instant(microseconds: 1_000_000_001)) == 299)
        #expect(token.secondsLeft(at: Instant(microseconds: 1_299_000_001)) == 0)
    }

    @Test func aTokenWithLessThanASecondLeftIsNotGood() {
        #expect(token.isGood(at: Instant(seconds: 1_299)))
        #expect(!token.isGood(at: Instant(microseconds: 1_299_000_001)))
        #expect(!token.isGood(at: Instant(seconds: 1_301)))
    }

    @Test func generationsOnlyGrow() {
        #expect(Generation.none.next(at: Instant(seconds: 500)) == Generation(500))
        #expect(Generation(499).next(at: Instant(seconds: 500)) == Generation(500))
        #expect(Generation(500).next(at: Instant(seconds: 500)) == Generation(501))
        #expect(Generation(900).next(at: Instant(seconds: 500)) == Generation(901))
    }

    @Test func theLastGenerationDoesNotOverflow() {
        #expect(Generation(.max).next(at: Instant(seconds: 500)) == Generation(.max))
    }

    @Test func aRefreshTokenIsNotUsedWhenItCouldBeOverOnArrival() {
        let grant = RefreshGrant(token: Secret("r"), until: Instant(seconds: 1_000))
        #expect(grant.isUsable(at: Instant(seconds: 939), ahead: .zero))
        #expect(!grant.isUsable(at: Instant(seconds: 940), ahead: .zero))
        #expect(!grant.isUsable(at: Instant(seconds: 1_001), ahead: .zero))
    }

    @Test func aPlannedRenewalMakesTheFullExchangeBeforeTheRefreshTokenEnds() {
        let grant = RefreshGrant(token: Secret("r"), until: Instant(seconds: 86_400))
        #expect(grant.isUsable(at: Instant(seconds: 85_499), ahead: .seconds(900)))
        #expect(!grant.isUsable(at: Instant(seconds: 85_500), ahead: .seconds(900)))
    }
}

@Suite struct TokenDemandTests {
    let token = Token(
        access: Secret("t"), issuedAt: Instant(seconds: 0), expiresAt: Instant(seconds: 300),
        generation: Generation(7), jitter: 0, refresh: nil)

    @Test func theRejectedGenerationAndOlderOnesAreNotAccepted() {
        #expect(TokenDemand.any.accepts(token))
        #expect(TokenDemand(newerThan: Generation(6)).accepts(token))
        #expect(!TokenDemand(newerThan: Generation(7)).accepts(token))
        #expect(!TokenDemand(newerThan: Generation(8)).accepts(token))
    }

    @Test func theWishForLifeIsCappedAtHalfTheTokensLife() {
        let wish = TokenDemand(minimumLife: .seconds(1_000))
        #expect(wish.isSatisfied(by: token, at: Instant(seconds: 150)))
        #expect(!wish.isSatisfied(by: token, at: Instant(seconds: 151)))
        #expect(TokenDemand(minimumLife: .seconds(100)).isSatisfied(by: token, at: Instant(seconds: 200)))
        #expect(!TokenDemand(minimumLife: .seconds(100)).isSatisfied(by: token, at: Instant(seconds: 201)))
        #expect(TokenDemand.any.isSatisfied(by: token, at: Instant(seconds: 299)))
    }
}
