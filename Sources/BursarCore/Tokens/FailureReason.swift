// Why a token could not be had: a closed set, the same in events, metrics, logs and reports.

/// The reasons. Raw values are stored and exported: never rename one.
package enum FailureReason: String, Error, Hashable, Sendable, CaseIterable {
    // The way to the provider
    case nameNotResolved = "name_not_resolved"
    case addressRefused = "address_refused"
    case connectFailed = "connect_failed"
    case tlsFailed = "tls_failed"
    case timedOut = "timed_out"
    case connectionLost = "connection_lost"
    /// Not asked: the provider has failed too often in a row.
    case circuitOpen = "circuit_open"
    // What the provider said
    case invalidClient = "invalid_client"
    /// `invalid_client`, as to many others at the same time.
    case massRejection = "mass_rejection"
    case requestRefused = "request_refused"
    case rateLimited = "rate_limited"
    case serverError = "server_error"
    case redirectRefused = "redirect_refused"
    case refreshRefused = "refresh_refused"
    case tokenRefused = "token_refused"
    // What the provider answered with status 200
    case replyTooLarge = "reply_too_large"
    case replyMalformed = "reply_malformed"
    case errorInReply = "error_in_reply"
    case tokenMissing = "token_missing"
    case tokenMalformed = "token_malformed"
    case lifetimeInvalid = "lifetime_invalid"
    case claimsMismatch = "claims_mismatch"
    // Our side
    case profileIncomplete = "profile_incomplete"
    case secretUnavailable = "secret_unavailable"
    case overloaded = "overloaded"
    case superseded = "superseded"
    case stopping = "stopping"

    /// Who has to act.
    package var fault: Fault {
        switch self {
        case .nameNotResolved, .connectFailed, .tlsFailed, .timedOut, .connectionLost, .circuitOpen,
            .massRejection, .requestRefused, .rateLimited, .serverError, .redirectRefused, .refreshRefused,
            .tokenRefused, .replyTooLarge, .replyMalformed, .errorInReply, .tokenMissing, .tokenMalformed,
            .lifetimeInvalid, .claimsMismatch:
            .provider
        case .invalidClient: .credential
        case .addressRefused, .profileIncomplete, .secretUnavailable, .overloaded, .superseded, .stopping:
            .gateway
        }
    }

    /// Whether the provider has judged the credential itself, so that asking again soon does harm: instant
    /// retries of a bad secret get addresses blocked.
    package var quarantines: Bool { self == .invalidClient }

    /// Whether it says anything of an attempt. What was not even tried, for want of a place or before an open
    /// breaker, counts as none and is not stored.
    package var isAttempt: Bool { self != .circuitOpen && self != .overloaded }
}

/// Whose fault a failed answer is (docs/API.md section 4).
package enum Fault: String, Hashable, Sendable, CaseIterable {
    case caller, credential, provider, gateway
}
