// This replica among the others: its heartbeats, its share of every rate limit, its clock.
package import BursarCore
internal import Logging
internal import Synchronization

/// Tells the store that this replica lives and what it has applied, and learns of the others.
package final class Membership: Sendable {
    private struct Contents {
        var member = ReplicaMembership()
        var hasJoined = false
        /// Answers before the join that took too long to set a clock by.
        var slowAnswers = 0
        /// When the store was first seen to have another configuration than the one applied here.
        var behindSince: Instant?
    }

    private let contents = Mutex(Contents())
    private let granted = Atomic<Int>(0)
    private let store: any ReplicaStore
    private let directory: Directory
    private let place: UUIDValue
    private let label: ReplicaLabel
    private let keyIDs: @Sendable () -> [String]
    private let environment: GatewayEnvironment

    /// A longer round trip leaves too open when the store read its clock.
    private static let promptness: Duration = .milliseconds(500)
    /// Slow answers after which the clock is set by one all the same.
    private static let patience = 5

    /// - Parameters:
    ///   - place: the id of the state directory.
    ///   - keyIDs: the keyring's, asked for with each heartbeat.
    init(
        store: any ReplicaStore, directory: Directory, place: UUIDValue, label: ReplicaLabel,
        keyIDs: @escaping @Sendable () -> [String], environment: GatewayEnvironment
    ) {
        self.store = store
        self.directory = directory
        self.place = place
        self.label = label
        self.keyIDs = keyIDs
        self.environment = environment
    }

    /// The part of every tenant's limit that this replica may grant by itself.
    package var share: ReplicaShare { ReplicaShare(millionths: granted.load(ordering: .relaxed)) }

    /// Whether the store has answered and the clock is set. Nothing is timed before that.
    var hasJoined: Bool { contents.withLock { $0.hasJoined } }

    /// Returns when this replica has joined, its task is cancelled, or so much time has passed.
    func whenJoined(within patience: Duration? = nil) async {
        let end = patience.map { environment.clock.now() + $0 }
        while !hasJoined, !Task.isCancelled {
            if let end, environment.clock.now() >= end { return }
            await environment.pause(.milliseconds(50))
        }
    }

    enum Outcome: Sendable, Hashable {
        /// The store gave no answer; everything stays as it is.
        case failed
        case beatAgain
        /// `isBehind`: the store has another configuration than this replica.
        case rest(isBehind: Bool)
    }

    /// Sends a heartbeat. One at a time: `MembershipService`, or simulated time.
    func beat() async -> Outcome {
        let (number, share) = contents.withLock { ($0.member.nextBeat(), $0.member.share) }
        let report = ReplicaReport(
            id: environment.replica, place: place, label: label, keyIDs: keyIDs(), beat: number,
            applied: directory.version, share: share)
        let sentAt = environment.clock.now()
        do throws(StoreFailure) {
            let news = try await store.beat(report)
            return hear(news, number, sentAt: sentAt, receivedAt: environment.clock.now())
        } catch {
            return .failed  // the store has reported it
        }
    }

    private func hear(
        _ news: ReplicaNews, _ number: Int64, sentAt: Instant, receivedAt: Instant
    ) -> Outcome {
        // The store read its clock somewhere in between.
        let offset = sentAt + (receivedAt - sentAt) / 2 - news.now
        let isPrompt = receivedAt - sentAt <= Self.promptness
        let isBehind = directory.version != news.version
        let (action, joins, lag) = contents.withLock { contents in
            let action = contents.member.hear(news, answering: number)
            granted.store(contents.member.share.millionths, ordering: .relaxed)
            if !contents.hasJoined, !isPrompt { contents.slowAnswers += 1 }
            let joins = !contents.hasJoined && (isPrompt || contents.slowAnswers == Self.patience)
            contents.behindSince = isBehind ? contents.behindSince ?? receivedAt : nil
            return (action, joins, contents.behindSince.map { receivedAt - $0 } ?? .zero)
        }
        if joins { join(offset) }
        // Before a lower share is reported, nothing is granted by the former one any more.
        if directory.share != share { directory.apply(share) }
        environment.metrics.heard(news, share: self.share, lag: lag)
        if joins || isPrompt { environment.metrics.clock(offset: joins ? .zero : offset) }
        return action == .beatAgain || !hasJoined ? .beatAgain : .rest(isBehind: isBehind)
    }

    /// Takes the store's time (docs/adr/0017): from here on all replicas agree on it.
    private func join(_ offset: Duration) {
        environment.clock.step(by: .zero - offset)
        contents.withLock { contents in
            contents.hasJoined = true
            contents.behindSince = nil
        }
        guard offset >= .seconds(1) || offset <= .seconds(-1) else { return }
        environment.logger.warning(
            "this machine's clock differs from the database's; the database's is taken",
            metadata: ["offset_seconds": "\(offset.fractionalSeconds)"])
    }

    /// The last thing that a replica does.
    func leave() async {
        do throws(StoreFailure) {
            try await store.farewell(environment.replica)
        } catch {
            // The others take our share over a minute later.
            environment.storeFailed(error, during: "taking leave")
        }
    }
}
