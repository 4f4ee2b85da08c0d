// Whether a provider's host is asked at all, after several failures in a row.

/// The decisions about one host (docs/adr/0019). Closed: everyone asks. Open: nobody does before the pause is
/// over. Half-open: one request after another, until enough of them were answered.
package struct CircuitBreaker: Sendable {
    /// Raw values are exported: never rename one.
    package enum Stage: String, Hashable, Sendable, CaseIterable {
        case closed
        case halfOpen = "half_open"
        case open
    }

    /// What a request may do.
    package enum Permission: Hashable, Sendable {
        case ask
        /// Only while no other request is under way to this host.
        case askAlone
        case refuse(retryAfter: Duration)
    }

    /// What a request showed of the host.
    package enum Outcome: Hashable, Sendable {
        /// It did its work, whatever it said of the credential.
        case answered
        case failed(retryAfter: Duration?)
        /// The request ended by our own doing.
        case unjudged
    }

    package enum Change: Hashable, Sendable {
        case opened, closed
    }

    /// Failures in a row that open it, and answers in a row that close it; one where a single credential
    /// had failed.
    package static let failuresToOpen = 5
    package static let answersToClose = 2
    /// Pauses grow from 1 s to this. With `Backoff.longestSpread` it makes the 10 s after which a failing
    /// provider is tried again (docs/API.md section 4).
    package static let longestPause: Duration = .seconds(8)
    /// A host that nobody has asked since its pause ended, for this long, is taken for mended.
    package static let memory: Duration = .seconds(60)

    private var failures = 0
    private var answers = 0
    private var pauses = 0
    /// Whose requests failed in a row; two are as good as all.
    private var hit: Set<CredentialID> = []
    /// The latest that the host's own `Retry-After` has asked for.
    private var notBefore: Instant?
    /// When the pause ends; nil while closed.
    private var retryAt: Instant?

    package init() {}

    package func stage(at now: Instant) -> Stage {
        guard let retryAt, now - retryAt < Self.memory else { return .closed }
        return now < retryAt ? .open : .halfOpen
    }

    /// What a request with this credential may do now. While a single credential has failed the others ask as
    /// ever: it may be that credential's own trouble, and none of theirs. Nor is it held back itself where it
    /// `hasBackoff`: its slot waits between attempts already.
    package func permission(of credential: CredentialID, hasBackoff: Bool, now: Instant) -> Permission {
        guard let retryAt, hit.count > 1 || (hit.contains(credential) && !hasBackoff) else { return .ask }
        return switch stage(at: now) {
        case .closed: .ask
        case .halfOpen: .askAlone
        case .open: .refuse(retryAfter: retryAt - now)
        }
    }

    /// Takes a request's outcome. `jitter` is in 0 ..< 1.
    package mutating func note(
        _ outcome: Outcome, of credential: CredentialID, now: Instant, jitter: Double
    ) -> Change? {
        if retryAt != nil, stage(at: now) == .closed { self = CircuitBreaker() }
        switch outcome {
        case .unjudged: return nil
        case .answered: return noteAnswer()
        case .failed(let retryAfter):
            return noteFailure(of: credential, retryAfter, now: now, jitter: jitter)
        }
    }

    private mutating func noteAnswer() -> Change? {
        answers += 1
        guard retryAt == nil || hit.count == 1 || answers >= Self.answersToClose else { return nil }
        let wasOpen = retryAt != nil
        self = CircuitBreaker()
        return wasOpen ? .closed : nil
    }

    private mutating func noteFailure(
        of credential: CredentialID, _ retryAfter: Duration?, now: Instant, jitter: Double
    ) -> Change? {
        failures += 1
        answers = 0
        if hit.count < 2 { hit.insert(credential) }
        if let retryAfter {
            let wish = now + min(retryAfter, Backoff.longestRetryAfter)
            notBefore = max(notBefore ?? wish, wish)
        }
        if let retryAt, now < retryAt {
            // It was under way before the pause began.
            self.retryAt = max(retryAt, notBefore ?? retryAt)
            return nil
        }
        guard retryAt != nil || failures >= Self.failuresToOpen else { return nil }
        let wasOpen = retryAt != nil
        let step = min(.seconds(1) * (1 << min(pauses, 12)), Self.longestPause)
        pauses += 1
        retryAt = max(now + Backoff.jittered(step, by: jitter), notBefore ?? now)
        return wasOpen ? nil : .opened
    }
}

extension FailureReason {
    /// What a request that ended so shows of the provider's host. Answers that judge a credential, a token or
    /// a single request come from a host that works.
    package func outcome(retryAfter: Duration?) -> CircuitBreaker.Outcome {
        switch self {
        case .nameNotResolved, .connectFailed, .tlsFailed, .timedOut, .connectionLost, .serverError,
            .redirectRefused, .replyTooLarge, .replyMalformed, .tokenMissing, .tokenMalformed,
            .lifetimeInvalid:
            .failed(retryAfter: retryAfter)
        case .invalidClient, .massRejection, .requestRefused, .rateLimited, .refreshRefused, .tokenRefused,
            .errorInReply, .claimsMismatch:
            .answered
        case .addressRefused, .circuitOpen, .profileIncomplete, .secretUnavailable, .overloaded, .superseded,
            .stopping:
            .unjudged
        }
    }
}
