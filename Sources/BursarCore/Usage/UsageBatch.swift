// Counts on their way from a replica's journal to the store.

/// What is counted: by whom, where, which figure. Nil where a request was refused before it was known;
/// requests to providers belong to no client.
package struct UsageKey: Hashable, Sendable {
    package let tenant: TenantID?
    package let client: ClientID?
    package let provider: ProviderID?
    package let environment: ProviderEnvironment?
    package let meter: Meter

    package init(
        tenant: TenantID? = nil, client: ClientID? = nil, provider: ProviderID? = nil,
        environment: ProviderEnvironment? = nil, meter: Meter
    ) {
        self.tenant = tenant
        self.client = client
        self.provider = provider
        self.environment = environment
        self.meter = meter
    }

    package init(
        tenant: TenantID? = nil, client: ClientID? = nil, provider: ProviderID? = nil,
        environment: ProviderEnvironment? = nil, outcome: AnswerOutcome
    ) {
        self.init(
            tenant: tenant, client: client, provider: provider, environment: environment,
            meter: Meter(outcome))
    }
}

extension UsageKey {
    /// A number whose lower bits tell apart what occurs together: a client has few providers.
    package var spread: UInt64 {
        (tenant?.uuid.spread ?? 0) ^ (client?.spread ?? 0) &+ UInt64(meter.index)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(spread) }
}

/// A count of one key in one minute.
package struct UsageCount: Hashable, Sendable {
    package let key: UsageKey
    /// Minutes since the Unix epoch.
    package let minute: Int64
    package var count: Int64

    package init(key: UsageKey, minute: Int64, count: Int64) {
        self.key = key
        self.minute = minute
        self.count = count
    }
}

/// Whose counts these are: a state directory, which outlives its processes, and one process that ran on it.
package struct JournalID: Hashable, Sendable, CustomStringConvertible {
    /// Made once for a state directory, and kept in it.
    package let directory: UUIDValue
    /// The process; a new one each start.
    package let boot: ReplicaID

    package init(directory: UUIDValue, boot: ReplicaID) {
        self.directory = directory
        self.boot = boot
    }

    package var description: String { "\(directory)/\(boot)" }
}

/// One or more sealed frames of a journal, in their order, as one delivery.
package struct UsageBatch: Hashable, Sendable {
    package let journal: JournalID
    /// The sequence that the store must stand at for this batch to be the next one; 0 before the first.
    package let after: Int64
    /// The sequence of the last frame in it; above `after`. Frames that were lost leave gaps.
    package let last: Int64
    /// How many frames it is made of.
    package let frames: Int64
    package let counts: [UsageCount]
    package let events: [RefreshEvent]

    package init(
        journal: JournalID, after: Int64, last: Int64, frames: Int64, counts: [UsageCount],
        events: [RefreshEvent]
    ) {
        self.journal = journal
        self.after = after
        self.last = last
        self.frames = frames
        self.counts = counts
        self.events = events
    }
}

/// What became of a delivery.
package enum UsageReceipt: Hashable, Sendable {
    /// It is stored, with all that came before it.
    case stored
    /// The store stands elsewhere than the batch says, and nothing was changed: an earlier delivery took
    /// place though its answer was lost, or a fail-over lost some. Go on after `sequence`.
    case standsAt(Int64)
}

/// Where counts and events go. Implemented by BursarLedger, and in memory for tests.
package protocol UsageStore: Sendable {
    /// The sequence of the last frame that is stored of `journal`; 0 before the first.
    func delivered(of journal: JournalID) async throws(StoreFailure) -> Int64

    /// Stores a batch: all or nothing, and once, however often it is tried. A failure leaves open whether it
    /// took place; the next try tells.
    func add(_ batch: UsageBatch) async throws(StoreFailure) -> UsageReceipt
}
