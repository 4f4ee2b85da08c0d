// One host of a provider: its breaker, its judge of rejections, and the door for one at a time.
internal import BursarCore
internal import Synchronization

/// Holds the decisions about a host. Requests go through `ProviderAccess`.
final class HostWatch: Sendable {
    /// What a request's end has changed.
    struct Changes {
        var circuit: CircuitBreaker.Change?
        var rejection: MassRejection.Change?
        /// Whether a rejection is to be taken for the provider's fault.
        var isMassRejecting = false
    }

    /// How the host stands, and what its slots have to be told.
    struct Findings {
        let stage: CircuitBreaker.Stage
        let isMassRejecting: Bool
        var rejection: MassRejection.Change?
        /// Whether the breaker has closed since the last look.
        var hasClosed = false
        /// Credentials whose quarantine is the provider's doing.
        var suspects: Set<CredentialID> = []
    }

    private struct Contents {
        var breaker = CircuitBreaker()
        var rejections = MassRejection()
        var hasClosed = false
    }

    let host: ProviderHost
    /// For requests to a half-open host.
    let oneByOne: ConcurrencyGate
    private let contents = Mutex(Contents())

    init(host: ProviderHost, clock: any GatewayClock) {
        self.host = host
        oneByOne = ConcurrencyGate(places: 1, clock: clock)
    }

    func permission(for errand: ProviderAccess.Errand, now: Instant) -> CircuitBreaker.Permission {
        contents.withLock {
            $0.breaker.permission(of: errand.credential, hasBackoff: errand.hasBackoff, now: now)
        }
    }

    /// `rejects` says how the provider judged the credential; nil when it did not.
    func note(
        _ outcome: CircuitBreaker.Outcome, rejects: Bool?, of credential: CredentialID,
        now: Instant, jitter: Double
    ) -> Changes {
        contents.withLock { contents in
            let change = contents.breaker.note(
                outcome, of: credential, now: now, jitter: jitter)
            if change == .closed { contents.hasClosed = true }
            let rejection = rejects.flatMap {
                contents.rejections.note(credential, isRejected: $0, now: now)
            }
            return Changes(
                circuit: change, rejection: rejection, isMassRejecting: contents.rejections.isUnderWay)
        }
    }

    var isMassRejecting: Bool { contents.withLock { $0.rejections.isUnderWay } }

    func condition(at now: Instant) -> Findings {
        contents.withLock { contents in
            Findings(
                stage: contents.breaker.stage(at: now), isMassRejecting: contents.rejections.isUnderWay)
        }
    }

    /// For `ProviderAccess.look` alone: it takes what has to be told away.
    func look(at now: Instant) -> Findings {
        contents.withLock { contents in
            defer { contents.hasClosed = false }
            let change = contents.rejections.look(now: now)
            return Findings(
                stage: contents.breaker.stage(at: now), isMassRejecting: contents.rejections.isUnderWay,
                rejection: change, hasClosed: contents.hasClosed,
                suspects: contents.rejections.takeSuspects())
        }
    }
}
