// What is counted: every answer to a merchant and every request to a provider.

/// How an answer to a merchant came out. Raw values are stored and exported: never rename one.
package enum AnswerOutcome: String, Hashable, Sendable, CaseIterable {
    case answeredFromMemory = "answered_memory"
    case answeredFromStore = "answered_store"
    case answeredFromProvider = "answered_provider"
    case answeredScoped = "answered_scoped"
    case limited
    /// Understood, but not allowed: wrong client, foreign tenant, suspended, origin, scope, target.
    case refused
    case failedByCaller = "failed_caller"
    case failedByCredential = "failed_credential"
    case failedByProvider = "failed_provider"
    case failedByGateway = "failed_gateway"

    package static func failed(_ fault: Fault) -> AnswerOutcome {
        switch fault {
        case .caller: .failedByCaller
        case .credential: .failedByCredential
        case .provider: .failedByProvider
        case .gateway: .failedByGateway
        }
    }
}

/// Where a served token was found.
package enum TokenSource: String, Hashable, Sendable, CaseIterable {
    case memory, store, provider

    package var outcome: AnswerOutcome {
        switch self {
        case .memory: .answeredFromMemory
        case .store: .answeredFromStore
        case .provider: .answeredFromProvider
        }
    }
}

/// What answers are counted by. Nil where a request was refused before it was known.
package struct UsageKey: Hashable, Sendable {
    package var tenant: TenantID?
    package var client: ClientID?
    package var provider: ProviderID?
    package var environment: ProviderEnvironment?
    package var outcome: AnswerOutcome

    package init(
        tenant: TenantID? = nil, client: ClientID? = nil, provider: ProviderID? = nil,
        environment: ProviderEnvironment? = nil, outcome: AnswerOutcome
    ) {
        self.tenant = tenant
        self.client = client
        self.provider = provider
        self.environment = environment
        self.outcome = outcome
    }
}

/// A count of one key in one minute.
package struct UsageCount: Hashable, Sendable {
    package let key: UsageKey
    /// Minutes since the Unix epoch.
    package let minute: Int64
    package let count: Int64

    package init(key: UsageKey, minute: Int64, count: Int64) {
        self.key = key
        self.minute = minute
        self.count = count
    }
}

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

/// Where counts and events go. Implemented by BursarLedger, and in memory for tests.
package protocol UsageStore: Sendable {
    /// Adds counts and events in one transaction: all or nothing.
    func add(_ counts: [UsageCount], events: [RefreshEvent], replica: ReplicaID) async throws(StoreFailure)
}

/// Where the merchant's statement behind a scoped token is kept (PROVIDERS A4). Implemented by BursarLedger.
package protocol StatementStore: Sendable {
    /// Returns once the statement is durable; no scoped token is answered before.
    func record(_ statement: ScopedStatement) async throws(StoreFailure)
}

/// "I verified that this customer and invoice belong to this end user", as the merchant stated it.
package struct ScopedStatement: Hashable, Sendable {
    package let id: UUIDValue
    package let at: Instant
    package let tenant: TenantID
    package let client: ClientID
    package let provider: ProviderID
    package let environment: ProviderEnvironment
    /// Keyed hash of the end user, whose key goes with the tenant: it is personal data.
    package let subjectHash: [UInt8]
    /// Keyed hashes of the other members that the caller stated, by name.
    package let memberHashes: [String: [UInt8]]

    package init(
        id: UUIDValue, at: Instant, tenant: TenantID, client: ClientID, provider: ProviderID,
        environment: ProviderEnvironment, subjectHash: [UInt8], memberHashes: [String: [UInt8]]
    ) {
        self.id = id
        self.at = at
        self.tenant = tenant
        self.client = client
        self.provider = provider
        self.environment = environment
        self.subjectHash = subjectHash
        self.memberHashes = memberHashes
    }
}
