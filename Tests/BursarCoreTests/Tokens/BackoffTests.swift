// How long a failing provider is left alone.
import BursarCore
import Testing

@Suite struct BackoffTests {
    private func delay(
        _ reason: FailureReason, _ count: Int, jitter: Double = 0, retryAfter: Duration? = nil
    ) -> Duration {
        Backoff.delay(after: ExchangeFailure(reason, retryAfter: retryAfter), count: count, jitter: jitter)
    }

    @Test func ordinaryFailuresDoubleUpToTenSeconds() {
        let nearly = 0.999_999
        #expect((1...6).map { delay(.serverError, $0).fractionalSeconds } == [0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
        #expect(delay(.serverError, 9, jitter: 0.5) == .milliseconds(5_250), "drawn from the whole step")
        for (count, most) in zip(1...6, [1.0, 2, 4, 8, 10, 10]) {
            let longest = delay(.timedOut, count, jitter: nearly).fractionalSeconds
            #expect(longest < most && longest > most * 0.999)
        }
    }

    @Test func noOrdinaryFailureKeepsAProviderAwayForMoreThanTenSeconds() {
        for reason in FailureReason.allCases where !reason.quarantines {
            for count in [0, 1, 5, 100, 1_000_000, .max] {
                #expect(delay(reason, count, jitter: 0.999_999) <= .seconds(10))
            }
        }
    }

    @Test func aRejectedCredentialRestsForFiveMinutesAtLeastAndAnHourAtMost() {
        #expect(
            (1...6).map { delay(.invalidClient, $0).components.seconds } == [
                300, 600, 1_200, 2_400, 3_600, 3_600,
            ])
        for count in [0, 1, 7, .max] {
            let rest = delay(.invalidClient, count, jitter: 0.999_999)
            #expect(rest >= .seconds(300) && rest <= .seconds(3_600))
        }
    }

    @Test func onlyAnInvalidClientIsQuarantined() {
        #expect(FailureReason.allCases.filter(\.quarantines) == [.invalidClient])
        #expect(FailureReason.allCases.filter { $0.fault == .credential } == [.invalidClient])
    }

    @Test func theProvidersOwnWishIsAFloor() {
        #expect(delay(.rateLimited, 1, retryAfter: .seconds(60)) == .seconds(60))
        #expect(delay(.serverError, 5, jitter: 0.5, retryAfter: .seconds(1)) == .milliseconds(5_250))
        #expect(delay(.invalidClient, 1, retryAfter: .seconds(1)) == .seconds(300))
    }

    @Test func aYearIsNotWaitedForHoweverOftenItIsWished() {
        for reason in FailureReason.allCases {
            let rest = delay(reason, 1, jitter: 0.999_999, retryAfter: .seconds(365 * 86_400))
            #expect(rest >= .seconds(3_600) && rest <= .seconds(3_602), "\(reason)")
        }
    }

    @Test func whoWasHeldBackByAnOpenBreakerComesSoonAfterItMayBeTried() {
        #expect(delay(.circuitOpen, 9, retryAfter: .seconds(8)) == .seconds(8))
        #expect(delay(.circuitOpen, 9, jitter: 0.999_999, retryAfter: .seconds(8)) <= .seconds(10))
        #expect(delay(.circuitOpen, 1, retryAfter: .zero) > .zero)
    }
}
