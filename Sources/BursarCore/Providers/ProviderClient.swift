// What the gateway asks of the world's payment providers, and what it hears back.

/// Speaks to providers. Implemented by BursarProviders; the gateway knows nothing of HTTP.
package protocol ProviderClient: Sendable {
    /// One exchange with the provider's token or refresh endpoint. Never throws: a failure is a result, and
    /// the report says how long it took either way. Ends by `grant.deadline` whatever the provider does.
    func exchange(_ grant: TokenGrant) async -> ExchangeReport<TokenReply>

    /// The scoped second step (PROVIDERS A1): the reply's claims have been checked.
    func scopedToken(_ request: ScopedGrant) async -> ExchangeReport<ScopedReply>
}

/// One request for a token.
package struct TokenGrant: Sendable {
    package enum Step: Sendable {
        /// client_credentials with id and secret (RFC 6749 §4.4).
        case full
        /// By the refresh token of an earlier exchange.
        case refresh(Secret)
    }

    package let profile: ProviderProfile
    package let environment: ProviderEnvironment
    package let clientID: String
    package let clientSecret: Secret
    package let scope: String?
    package let step: Step
    /// Total time for this request.
    package let deadline: Duration

    package init(
        profile: ProviderProfile, environment: ProviderEnvironment, clientID: String, clientSecret: Secret,
        scope: String?, step: Step, deadline: Duration
    ) {
        self.profile = profile
        self.environment = environment
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.scope = scope
        self.step = step
        self.deadline = deadline
    }
}

/// A token as the provider answered, checked: the token is made of characters that may stand in a header
/// (RFC 6750 §2.1), and the lifetime is above zero and within the profile's bound.
package struct TokenReply: Sendable {
    package let accessToken: Secret
    /// Counted from when the request was sent (PROVIDERS Z5).
    package let lifetime: Duration
    package let refreshToken: Secret?

    package init(accessToken: Secret, lifetime: Duration, refreshToken: Secret?) {
        self.accessToken = accessToken
        self.lifetime = lifetime
        self.refreshToken = refreshToken
    }
}

/// One request for a token of a single invoice.
package struct ScopedGrant: Sendable {
    package let profile: ProviderProfile
    package let environment: ProviderEnvironment
    package let accessToken: Secret
    /// Every placeholder's value: the caller's members, and the gateway's own `client_id`, `business_uuid`.
    package let values: [String: String]
    package let deadline: Duration
    /// To judge the JWT's `exp`.
    package let now: Instant

    package init(
        profile: ProviderProfile, environment: ProviderEnvironment, accessToken: Secret,
        values: [String: String], deadline: Duration, now: Instant
    ) {
        self.profile = profile
        self.environment = environment
        self.accessToken = accessToken
        self.values = values
        self.deadline = deadline
        self.now = now
    }
}

/// A token for one invoice whose claims are those that were asked for.
package struct ScopedReply: Sendable {
    package let token: Secret
    /// From the JWT's `exp`.
    package let lifetime: Duration

    package init(token: Secret, lifetime: Duration) {
        self.token = token
        self.lifetime = lifetime
    }
}

/// How one request went.
package struct ExchangeReport<Reply: Sendable>: Sendable {
    package let result: Result<Reply, ExchangeFailure>
    /// Status of the reply; nil when none came.
    package let status: Int?
    /// From just before the request was sent to its end, on a monotonic clock.
    package let latency: Duration

    package init(result: Result<Reply, ExchangeFailure>, status: Int?, latency: Duration) {
        self.result = result
        self.status = status
        self.latency = latency
    }
}

/// Why a request brought no token. Holds nothing that the provider wrote.
package struct ExchangeFailure: Error, Hashable, Sendable {
    package let reason: FailureReason
    /// The provider's `Retry-After`, where it sent a sensible one.
    package let retryAfter: Duration?

    package init(_ reason: FailureReason, retryAfter: Duration? = nil) {
        self.reason = reason
        self.retryAfter = retryAfter
    }
}
