// When a failing host is left alone, and how it is tried again.
import BursarCore
import Testing

@Suite struct CircuitBreakerTests {
    private var breaker = CircuitBreaker()
    private var now = Instant(seconds: 1_000)

    private static func credential(_ number: Int) -> CredentialID {
        CredentialID(UUIDValue(high: 0, low: UInt64(number)))
    }

    private mutating func fail(
        _ credential: Int, retryAfter: Duration? = nil, jitter: Double = 0.999_999
    ) -> CircuitBreaker.Change? {
        breaker.note(
            .failed(retryAfter: retryAfter), of: Self.credential(credential), now: now,
            jitter: jitter)
    }

    private mutating func answer(_ credential: Int = 1) -> CircuitBreaker.Change? {
        breaker.note(.answered, of: Self.credential(credential), now: now, jitter: 0.5)
    }

    private func permission(_ credential: Int, hasBackoff: Bool = true) -> CircuitBreaker.Permission {
        breaker.permission(of: Self.credential(credential), hasBackoff: hasBackoff, now: now)
    }

    private mutating func open() {
        for credential in 1...4 { #expect(fail(credential) == nil) }
        #expect(fail(5) == .opened)
    }

    @Test mutating func fiveFailuresInARowOpenIt() {
        open()
        #expect(breaker.stage(at: now) == .open)
        guard case .refuse(let retryAfter) = permission(9) else {
            Issue.record("nobody asks, not even a stranger")
            return
        }
        #expect(retryAfter > .zero && retryAfter <= .seconds(1))
    }

    @Test mutating func anAnswerInBetweenBeginsTheCountAnew() {
        for _ in 0..<4 {
            for credential in 1...4 { #expect(fail(credential) == nil) }
            #expect(answer() == nil)
        }
        #expect(breaker.stage(at: now) == .closed)
    }

    @Test mutating func whatWeEndedOurselvesSaysNothing() {
        for credential in 1...4 { #expect(fail(credential) == nil) }
        for _ in 0..<9 {
            #expect(
                breaker.note(.unjudged, of: Self.credential(7), now: now, jitter: 0) == nil)
        }
        #expect(fail(5) == .opened)
    }

    @Test mutating func theTroubleOfOneCredentialIsNotTheOthers() {
        for _ in 0..<4 { #expect(fail(1) == nil) }
        #expect(fail(1) == .opened)
        #expect(breaker.stage(at: now) == .open)
        #expect(permission(2) == .ask && permission(2, hasBackoff: false) == .ask)
        #expect(permission(1) == .ask, "its slot has a backoff of its own")
        #expect(permission(1, hasBackoff: false) != .ask)
        #expect(fail(2) == nil)
        #expect(permission(3) != .ask, "two are as good as all")
    }

    @Test mutating func itStaysOpenWhileThatCredentialFailsAtItsOwnPace() {
        for _ in 0..<5 { _ = fail(1) }
        for _ in 0..<30 {
            now = now + .seconds(10)
            #expect(breaker.stage(at: now) == .halfOpen)
            #expect(fail(1) == nil)
            #expect(breaker.stage(at: now) == .open)
        }
    }

    @Test mutating func oneAnswerClosesWhatOneCredentialOpened() {
        for _ in 0..<5 { _ = fail(1) }
        #expect(answer(2) == .closed)
        #expect(breaker.stage(at: now) == .closed)
    }

    @Test mutating func afterThePauseOneAsksAloneAndTwoAnswersCloseIt() {
        open()
        now = now + .seconds(1)
        #expect(breaker.stage(at: now) == .halfOpen)
        #expect(permission(1) == .askAlone)
        #expect(answer(1) == nil)
        #expect(permission(2) == .askAlone, "the next one at once")
        #expect(answer(2) == .closed)
        #expect(permission(3) == .ask)
    }

    @Test mutating func pausesDoubleUpToEightSeconds() {
        open()
        for most in [2, 4, 8, 8, 8] {
            now = now + .seconds(8)
            #expect(permission(1) == .askAlone)
            #expect(fail(1) == nil)
            guard case .refuse(let retryAfter) = permission(1) else {
                Issue.record("left alone again")
                return
            }
            #expect(retryAfter <= .seconds(most) && retryAfter > .seconds(most) * 0.99)
        }
    }

    @Test mutating func thePauseIsDrawnFromTheWholeStep() {
        open()
        now = now + .seconds(8)
        _ = fail(1, jitter: 0)
        #expect(permission(1) == .refuse(retryAfter: .milliseconds(500)))
    }

    @Test mutating func failuresThatWereUnderWayDoNotMakeThePauseLonger() {
        open()
        let before = permission(1)
        for credential in 1...50 { #expect(fail(credential) == nil) }
        #expect(permission(1) == before)
    }

    @Test mutating func theHostsOwnWishHoldsForTheHostAndForAnHourAtMost() {
        for credential in 1...4 { _ = fail(credential) }
        _ = fail(5, retryAfter: .seconds(30))
        #expect(permission(1) == .refuse(retryAfter: .seconds(30)))
        _ = fail(6, retryAfter: .seconds(365 * 86_400))
        #expect(permission(1) == .refuse(retryAfter: .seconds(3_600)))
    }

    @Test mutating func aSingleWishClosesTheDoorToNobodyElse() {
        #expect(fail(1, retryAfter: .seconds(3_000)) == nil)
        #expect(permission(1) == .ask && permission(2) == .ask)
    }

    @Test mutating func whatNobodyHasAskedForAMinuteIsTakenForMended() {
        open()
        now = now + .seconds(1) + CircuitBreaker.memory
        #expect(breaker.stage(at: now) == .closed && permission(1) == .ask)
        #expect(fail(1) == nil)
        #expect(breaker.stage(at: now) == .closed, "and counted anew")
    }

    @Test func judgementsOnCredentialsAndRequestsComeFromAHostThatWorks() {
        for reason in FailureReason.allCases where reason.quarantines || reason.fault == .credential {
            #expect(reason.outcome(retryAfter: nil) == .answered)
        }
        for reason in [FailureReason.rateLimited, .requestRefused, .refreshRefused, .tokenRefused] {
            #expect(reason.outcome(retryAfter: .seconds(9)) == .answered, "\(reason)")
        }
        for reason in FailureReason.allCases where reason.fault == .gateway {
            #expect(reason.outcome(retryAfter: nil) == .unjudged, "\(reason)")
        }
        #expect(
            FailureReason.serverError.outcome(retryAfter: .seconds(9)) == .failed(retryAfter: .seconds(9)))
    }

    @Test(arguments: [
        ("https://API.example/oauth/token", "https://api.example"),
        ("https://api.example:443?x=/", "https://api.example"),
        ("http://[::1]:80/", "http://[::1]"),
        ("http://127.0.0.1:8443/a://b", "http://127.0.0.1:8443"),
        ("", ""),
    ])
    func aHostIsSchemeNameAndPort(url: String, origin: String) {
        let provider = ProviderID("zatlas")!
        #expect(ProviderHost(provider: provider, url: url).origin == origin)
    }
}
