// The part of every tenant's rate limit that one replica may grant by itself.

/// In millionths of the limit. The shares of all replicas never add up to more than a million: each is
/// rounded down, and one that joins takes only what the others have given up.
package struct ReplicaShare: Sendable, Hashable, Comparable {
    package let millionths: Int

    package init(millionths: Int) { self.millionths = min(max(millionths, 0), 1_000_000) }

    /// The only replica's.
    package static let whole = ReplicaShare(millionths: 1_000_000)
    /// That of a replica that has yet to be given one.
    package static let none = ReplicaShare(millionths: 0)

    /// An equal part among so many.
    package static func equal(among replicas: Int) -> ReplicaShare {
        ReplicaShare(millionths: 1_000_000 / max(replicas, 1))
    }

    package static func < (left: ReplicaShare, right: ReplicaShare) -> Bool {
        left.millionths < right.millionths
    }
}
