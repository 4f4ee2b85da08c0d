// What a caller wants of a token, and what it is told.

/// Names one waiting caller within a slot.
package struct WaiterID: Hashable, Sendable {
    package let number: Int
    package init(_ number: Int) { self.number = number }
}

/// A caller's wishes beyond "a good token".
package struct TokenDemand: Sendable, Hashable {
    /// `min_ttl`: at least this much life, if it can be had.
    package var minimumLife: Duration?
    /// `rejected`: never this generation or an older one (PROVIDERS A3).
    package var newerThan: Generation?

    package init(minimumLife: Duration? = nil, newerThan: Generation? = nil) {
        self.minimumLife = minimumLife
        self.newerThan = newerThan
    }

    package static let any = TokenDemand()

    /// Whether the caller may be given the token at all.
    package func accepts(_ token: Token) -> Bool { token.generation > newerThan ?? .none }

    /// Whether it is as long-lived as the caller wants. The wish is capped at half of the token's life:
    /// asking for more would cost an exchange at every request.
    package func isSatisfied(by token: Token, at now: Instant) -> Bool {
        guard let minimumLife else { return true }
        return token.expiresAt - now >= min(minimumLife, token.lifetime / 2)
    }
}

/// What to do for a caller, once the lock is given back.
package enum RequestAction: Sendable, Equatable {
    /// Answer now; a renewal may have to be started in the background.
    case serve(Token, start: TokenSlot.Flight?)
    /// The caller is registered; the first one starts the flight.
    case wait(start: TokenSlot.Flight?)
    case refuse(ExchangeFailure, retryAfter: Duration)
}

/// What a waiting caller is told, once.
package struct Settlement: Sendable, Equatable {
    package let waiter: WaiterID
    package let verdict: Verdict
}

/// A token and where it was found, or why there is none and when to come back.
package enum Verdict: Sendable, Equatable {
    case serve(Token, TokenSource)
    case refuse(ExchangeFailure, retryAfter: Duration)
}
