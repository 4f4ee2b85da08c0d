// The replicas that serve on one store: who they are, and what each learns of the others.

/// Where replicas meet. Implemented by BursarLedger, and in memory for tests; both pass the same suite.
package protocol ReplicaStore: Sendable {
    /// Takes a replica's heartbeat and tells it how things stand. Heartbeats are taken one at a time. The
    /// store holds a share for each replica that is never less than what it applies: it grants what nobody
    /// else holds, up to an equal part, and lowers a share only when its replica reports a lower one. One
    /// that is silent for a minute while others are heard loses its place, and so does one whose state
    /// directory has a new owner.
    func beat(_ report: ReplicaReport) async throws(StoreFailure) -> ReplicaNews

    /// The replica leaves: its share is free at once.
    func farewell(_ replica: ReplicaID) async throws(StoreFailure)
}

/// What a replica says of itself with each heartbeat.
package struct ReplicaReport: Sendable, Hashable {
    package let id: ReplicaID
    /// The id of its state directory, which one process uses at a time.
    package let place: UUIDValue
    /// Where it runs and what it is, for people.
    package let label: ReplicaLabel
    /// The ids in its keyring.
    package let keyIDs: [String]
    /// Grows with each heartbeat: one that was held up on its way changes nothing.
    package let beat: Int64
    /// The configuration that it has applied; nil before the first.
    package let applied: ConfigVersion?
    /// What it applies now.
    package let share: ReplicaShare

    package init(
        id: ReplicaID, place: UUIDValue, label: ReplicaLabel, keyIDs: [String], beat: Int64,
        applied: ConfigVersion?, share: ReplicaShare
    ) {
        self.id = id
        self.place = place
        self.label = label
        self.keyIDs = keyIDs
        self.beat = beat
        self.applied = applied
        self.share = share
    }
}

/// A replica as people know it.
package struct ReplicaLabel: Sendable, Hashable {
    /// Its host's name.
    package let name: String
    /// The program's version.
    package let program: String

    package init(name: String, program: String) {
        self.name = name
        self.program = program
    }
}

/// What the store answers a heartbeat.
package struct ReplicaNews: Sendable, Hashable {
    /// The store's configuration.
    package let version: ConfigVersion
    /// Replicas that hold a share, the silent ones too.
    package let members: Int
    /// Those that were heard within the last ten seconds.
    package let live: Int
    /// What this replica may apply now.
    package let share: ReplicaShare
    /// The store's clock.
    package let now: Instant

    package init(version: ConfigVersion, members: Int, live: Int, share: ReplicaShare, now: Instant) {
        self.version = version
        self.members = members
        self.live = live
        self.share = share
        self.now = now
    }
}
