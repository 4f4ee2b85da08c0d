// What callers ask of the gateway and what they get, free of HTTP.
package import BursarCore
package import ServiceContextModule

/// Who says they are asking.
package struct ClientProof: Sendable {
    /// As sent; nil for bearer, which names no id.
    package let clientID: PresentedText?
    package let secret: PresentedText

    package init(clientID: PresentedText?, secret: PresentedText) {
        self.clientID = clientID
        self.secret = secret
    }
}

/// Which request something is done for, as logs and spans name it.
package struct RequestTrace: Sendable {
    package let id: RequestID
    /// Its span; nil when nobody takes spans.
    package let context: ServiceContext?

    package init(id: RequestID, context: ServiceContext?) {
        self.id = id
        self.context = context
    }
}

/// Which token is wanted. Nil members were not given.
package struct TokenRequest: Sendable {
    package var proof: ClientProof
    package var tenant: TenantID?
    package var provider: ProviderID?
    package var environment: ProviderEnvironment?
    package var scope: String?
    package var demand: TokenDemand
    package var origin: String?
    /// Nil for requests that came from no caller.
    package var trace: RequestTrace?

    // Inlined where it is called: else the whole is made, copied and let go.
    @inlinable @inline(__always) package init(
        proof: ClientProof, tenant: TenantID? = nil, provider: ProviderID? = nil,
        environment: ProviderEnvironment? = nil, scope: String? = nil, demand: TokenDemand = .any,
        origin: String? = nil, trace: RequestTrace? = nil
    ) {
        self.proof = proof
        self.tenant = tenant
        self.provider = provider
        self.environment = environment
        self.scope = scope
        self.demand = demand
        self.origin = origin
        self.trace = trace
    }
}

/// A token on its way to a merchant.
package struct ServedToken: Sendable {
    package let token: Token
    package let source: TokenSource
    package let tenant: TenantID
    package let provider: ProviderID
    package let environment: ProviderEnvironment
    /// When it was served: what `expires_in` is counted from.
    package let at: Instant
    /// The scope that the token has where the caller named one.
    package let scope: String?

    package init(
        token: Token, source: TokenSource, tenant: TenantID, provider: ProviderID,
        environment: ProviderEnvironment, at now: Instant, scope: String?
    ) {
        self.token = token
        self.source = source
        self.tenant = tenant
        self.provider = provider
        self.environment = environment
        at = now
        self.scope = scope
    }
}

/// A token for one invoice.
package struct ServedScopedToken: Sendable {
    package let token: Secret
    package let lifetime: Duration
}

/// Why there is no token: a closed set, mapped to HTTP in one place.
package enum Refusal: Error, Hashable, Sendable {
    /// Unknown client, wrong secret, expired: deliberately not told apart.
    case clientUnknown
    /// The client acts for several tenants and named none.
    case tenantNotNamed
    case tenantNotTheirs
    case tenantSuspended
    /// No connection fits, or several do.
    case targetUnknown([ConnectionChoice])
    case targetAmbiguous([ConnectionChoice])
    case originRefused
    case sharedTokenRefused
    case scopeUnknown(String)
    case limited(retryAfter: Duration)
    /// The connection's credential is pending: the provider has not issued it yet (PROVIDERS P5).
    case credentialPending
    case credentialRejected(retryAfter: Duration)
    case profileIncomplete
    /// The provider has no scoped step.
    case scopedUnsupported
    case memberMissing(String)
    case unavailable(FailureReason, retryAfter: Duration)
    /// The caller is not known, and the database that may know it does not answer, or the keyring that could
    /// tell lacks a key.
    case directoryUnavailable
    /// The scoped token's statement could not be recorded.
    case statementUnrecorded

    package var fault: Fault {
        switch self {
        case .clientUnknown, .tenantNotNamed, .tenantNotTheirs, .tenantSuspended, .targetUnknown,
            .targetAmbiguous, .originRefused, .sharedTokenRefused, .scopeUnknown, .limited,
            .scopedUnsupported,
            .memberMissing:
            .caller
        case .credentialPending, .credentialRejected: .credential
        case .unavailable(let reason, _): reason.fault
        case .profileIncomplete, .directoryUnavailable, .statementUnrecorded: .gateway
        }
    }

    package var outcome: AnswerOutcome {
        switch self {
        case .limited: .limited
        case .clientUnknown, .tenantNotTheirs, .tenantSuspended, .originRefused, .sharedTokenRefused: .refused
        case .tenantNotNamed, .targetUnknown, .targetAmbiguous, .scopeUnknown, .credentialPending,
            .credentialRejected, .profileIncomplete, .scopedUnsupported, .memberMissing, .unavailable,
            .directoryUnavailable, .statementUnrecorded:
            .failed(fault)
        }
    }
}

/// What the rate limit says of an authenticated request.
package struct LimitState: Sendable, Hashable {
    package let limit: RateLimit
    package let remaining: Int
    package let reset: Duration
}

/// An answer with what its headers need.
package struct Answer<Value: Sendable>: Sendable {
    package let result: Result<Value, Refusal>
    /// Nil when the caller was not authenticated.
    package let limit: LimitState?
}
