// One request to a provider, as it is kept.

/// One request to a provider: what finance and operators later ask about.
package struct RefreshEvent: Hashable, Sendable {
    /// Why the provider was asked. Raw values are stored: never rename one.
    package enum Cause: String, Sendable, CaseIterable {
        case cold, renewal, rejected
        case keepWarm = "keep_warm"
    }

    package enum Step: String, Sendable, CaseIterable { case full, refresh, scoped }

    package let id: UUIDValue
    package let at: Instant
    package let owner: OwnerID
    /// The tenant for which it was done; nil when a shared credential renewed by itself.
    package let tenant: TenantID?
    package let provider: ProviderID
    package let environment: ProviderEnvironment
    package let credential: CredentialID
    package let cause: Cause
    package let step: Step
    /// Nil is success.
    package let failure: FailureReason?
    package let status: Int?
    package let latency: Duration
    /// Life of the token that it brought.
    package let lifetime: Duration?

    package init(
        id: UUIDValue, at: Instant, owner: OwnerID, tenant: TenantID?, provider: ProviderID,
        environment: ProviderEnvironment, credential: CredentialID, cause: Cause, step: Step,
        failure: FailureReason?, status: Int?, latency: Duration, lifetime: Duration?
    ) {
        self.id = id
        self.at = at
        self.owner = owner
        self.tenant = tenant
        self.provider = provider
        self.environment = environment
        self.credential = credential
        self.cause = cause
        self.step = step
        self.failure = failure
        self.status = status
        self.latency = latency
        self.lifetime = lifetime
    }
}
