// Tokens at rest, and the lease that keeps replicas from asking a provider twice.

/// Where tokens are kept between restarts and shared between replicas. Implemented by BursarLedger, and in
/// memory for tests; both pass the same suite. All times are relative, so that replicas whose clocks differ
/// agree: the store's own clock decides.
package protocol TokenStore: Sendable {
    /// Takes the slot's lease unless that is needless or impossible.
    func lease(_ slot: SlotKey, _ request: LeaseRequest) async throws(StoreFailure) -> LeaseAnswer

    /// The stored token that would make a lease needless; nil when there is none, or the credential has moved
    /// on. Takes no lease.
    func current(_ slot: SlotKey, _ request: LeaseRequest) async throws(StoreFailure) -> StoredToken?

    /// Stores a token and gives the lease back; refused when the lease or the credential has moved on. The
    /// token's times are relative to the moment in which the lease was granted: however long it is on its way
    /// to the store, it does not seem to live longer there.
    func publish(_ token: StoredToken, in slot: SlotKey, lease: Lease) async throws(StoreFailure)
        -> PublishAnswer

    /// Gives the lease back after a failure, which is remembered; nil, where the provider was not asked,
    /// leaves what is remembered as it is. A lease that has moved on is left alone.
    func release(_ slot: SlotKey, lease: Lease, after failure: StoredFailure?) async throws(StoreFailure)

    /// Gives back what `replica` still holds of the leases on these slots: it leaves, and nothing will come
    /// of them. The others need not wait for their end.
    func giveBack(_ slots: [SlotKey], by replica: ReplicaID) async throws(StoreFailure)

    /// Forgets that the provider rejected these credentials: it was the provider's fault. Other failures, and
    /// other credentials, stay.
    func pardon(_ credentials: [CredentialID: OwnerID]) async throws(StoreFailure)
}

/// Who wants the lease, for how long, and which stored token makes it needless.
package struct LeaseRequest: Sendable {
    package let replica: ReplicaID
    /// How long the lease lasts; longer than any exchange.
    package let duration: Duration
    /// A stored token of a later generation makes the lease needless.
    package let newerThan: Generation
    /// Unless it has no more than this left.
    package let minimumLife: Duration

    package init(replica: ReplicaID, duration: Duration, newerThan: Generation, minimumLife: Duration) {
        self.replica = replica
        self.duration = duration
        self.newerThan = newerThan
        self.minimumLife = minimumLife
    }
}

/// What came of asking for the lease.
package enum LeaseAnswer: Sendable {
    /// A good token is there already.
    case current(StoredToken)
    /// Ours; `previous` may still hold a refresh token.
    case leased(Lease, previous: StoredToken?)
    /// Another replica asks the provider; its lease ends by itself after `remaining`.
    case held(remaining: Duration)
    /// The provider rejected this credential not long ago.
    case quarantined(StoredFailure)
    /// The provider has named a time before which it is not to be asked.
    case postponed(StoredFailure)
    /// The credential was replaced, suspended or removed meanwhile.
    case superseded
}

/// Proof of having the lease: only the holder of the latest epoch may publish.
package struct Lease: Hashable, Sendable {
    package let epoch: Int64
    /// The latest generation of all that the slot's owner has of this provider's environment: what comes now
    /// must be later, also when its credential has just replaced another.
    package let floor: Generation
    /// When it was granted, by the store's clock. The store alone reads it.
    package let grantedAt: Instant

    package init(epoch: Int64, floor: Generation, grantedAt: Instant) {
        self.epoch = epoch
        self.floor = floor
        self.grantedAt = grantedAt
    }
}

/// Whether a token was stored, or came too late: the lease or the credential has moved on.
package enum PublishAnswer: Hashable, Sendable {
    case stored
    case superseded
}

/// A token as stored: sealed, its times relative to the store's now.
package struct StoredToken: Sendable, Hashable {
    package let access: SealedValue
    package let refresh: SealedValue?
    package let generation: Generation
    /// Time since it was issued.
    package let age: Duration
    /// Time until it ends.
    package let remaining: Duration
    /// Time until the refresh token ends.
    package let refreshRemaining: Duration?
    /// The token's share of the renewal jitter, 0 ..< 1, fixed for its life.
    package let jitter: Double

    package init(
        access: SealedValue, refresh: SealedValue?, generation: Generation, age: Duration,
        remaining: Duration,
        refreshRemaining: Duration?, jitter: Double
    ) {
        self.access = access
        self.refresh = refresh
        self.generation = generation
        self.age = age
        self.remaining = remaining
        self.refreshRemaining = refreshRemaining
        self.jitter = jitter
    }
}

/// A failure as stored: a restart does not forget a quarantine.
package struct StoredFailure: Sendable, Hashable {
    package let reason: FailureReason
    package let count: Int
    package let retryIn: Duration
    /// Whether the provider has named that time (`Retry-After`): then it holds for every replica. A pause of
    /// our own is each replica's: another one may have a better way to the provider.
    package let isNamed: Bool

    package init(reason: FailureReason, count: Int, retryIn: Duration, isNamed: Bool = false) {
        self.reason = reason
        self.count = count
        self.retryIn = retryIn
        self.isNamed = isNamed
    }
}
