// What a replica does with the answers to its heartbeats: which share it applies, and when it reports.

/// The shares of all replicas never add up to more than the whole, whatever answers get lost: a replica
/// lowers its share before it says so, and raises it after the store has granted that.
package struct ReplicaMembership: Sendable {
    /// What this replica applies. Without the store it stays as it is: then nobody gets more either.
    package private(set) var share = ReplicaShare.none
    /// The last answer; nil before the first.
    package private(set) var news: ReplicaNews?
    private var beat: Int64 = 0

    package enum Action: Sendable, Hashable {
        case rest
        /// A lower share is waited for: report it at once.
        case beatAgain
    }

    package init() {}

    /// The number of the next heartbeat; only its answer counts from now on.
    package mutating func nextBeat() -> Int64 {
        beat += 1
        return beat
    }

    /// Takes the answer to a heartbeat. One to an earlier heartbeat may speak of a share that the store has
    /// given to another since: it is dropped.
    package mutating func hear(_ news: ReplicaNews, answering beat: Int64) -> Action {
        guard beat == self.beat else { return .rest }
        self.news = news
        let fair = ReplicaShare.equal(among: news.members)
        if share > fair {
            share = fair
            return .beatAgain
        }
        share = max(share, news.share)
        return .rest
    }
}
