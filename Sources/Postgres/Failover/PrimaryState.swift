// Which server is the primary, decided as a value: no clock, no connection, no lock in here.

/// What is known of the servers, and what follows from it.
struct PrimaryState {
    typealias Instant = ContinuousClock.Instant

    /// The highest timeline that was ever seen; nothing below it is written to.
    private(set) var highest: ServerTimeline?
    /// The host to try first: the one that was the primary last.
    private(set) var preferred: Int?
    /// Why nobody needs to ask for a connection now; nil while one may be had.
    private(set) var absence: PostgresError?
    /// What an earlier process knew, until this one has met a server.
    private var isRemembered: Bool
    private var answeredAt: Instant?
    /// Since when round after round has found no primary.
    private var failingSince: Instant?
    private var failedRounds = 0

    /// Rounds in vain before callers are told at once: one alone may be a lost packet.
    private static let patience = 2

    init(remembered: ServerTimeline?) {
        highest = remembered
        isRemembered = remembered != nil
    }

    enum Verdict: Equatable {
        /// The primary, as it was. `isNews` asks for it to be remembered.
        case primary(isNews: Bool)
        /// The primary of a higher timeline than this process has used so far.
        case risen
        case standby, outdated, otherCluster
    }

    /// Judges a server that answered.
    mutating func meet(_ position: ServerPosition) -> Verdict {
        guard let number = position.timeline else { return .standby }
        let met = ServerTimeline(system: position.system, number: number)
        let known = highest
        if let known, known.system != met.system {
            // Restored from a dump while no gateway ran: the operator has started it on purpose.
            guard isRemembered else { return .otherCluster }
        } else if let known, number < known.number {
            return .outdated
        }
        let wasMet = known != nil && !isRemembered
        highest = met
        isRemembered = false
        return met != known && wasMet ? .risen : .primary(isNews: met != known)
    }

    /// Whether a connection that was opened on this timeline is still good.
    func allows(_ timeline: ServerTimeline) -> Bool { highest.map { $0 == timeline } ?? true }

    /// A statement was answered.
    mutating func answered(at now: Instant) {
        answeredAt = now
        absence = nil
    }

    /// What one look at a host has shown.
    enum Finding: Equatable {
        case met(Verdict)
        case failed(PostgresError)
    }

    /// Draws the conclusion from a round that looked at every host.
    mutating func conclude(_ findings: [Finding], begun: Instant) {
        let primary = findings.firstIndex { finding in
            switch finding {
            case .met(.primary), .met(.risen): true
            case .met(.standby), .met(.outdated), .met(.otherCluster), .failed: false
            }
        }
        if let primary { preferred = primary }
        let isAway = primary == nil && findings.allSatisfy(\.saysNothingCanBeHad)
        guard isAway, !findings.isEmpty else {
            (failingSince, failedRounds, absence) = (nil, 0, nil)
            return
        }
        failingSince = failingSince ?? begun
        failedRounds += 1
        let hasAnswered = answeredAt.flatMap { at in failingSince.map { at > $0 } } ?? false
        if failedRounds >= Self.patience, !hasAnswered {
            absence = findings.lazy.compactMap(\.failure).first ?? .connectionFailed(.noPrimary)
        } else {
            absence = nil
        }
        if hasAnswered { failingSince = begun }
    }
}

extension PrimaryState.Finding {
    var failure: PostgresError? { if case .failed(let error) = self { error } else { nil } }

    /// A server that refuses (too many connections, wrong password) is there, and may refuse only us.
    fileprivate var saysNothingCanBeHad: Bool {
        switch self {
        case .met: true
        case .failed(.timedOut), .failed(.closed), .failed(.commitUnanswered): true
        case .failed(.connectionFailed(let failure)):
            failure.reason == .unreachable || failure.reason == .resolution
        case .failed(.server(let error)): error.sqlState.isConnectionLost
        // Its only connection is still being opened.
        case .failed(.poolExhausted): true
        case .failed(.protocolError), .failed(.resultTooLarge), .failed(.invalidParameter),
            .failed(.decoding):
            false
        }
    }
}

extension PostgresConnectionFailure {
    fileprivate static let noPrimary = PostgresConnectionFailure(
        reason: .unsuitable, host: "", message: "no server of the connection string is the primary")
}
