// Looks at every host of a connection string, and keeps everybody off a primary that was left behind.
import Synchronization

/// `target_session_attrs` connects to whatever takes writes, and so does an old primary that nobody stopped.
/// This remembers the highest timeline that was seen: a server below it is refused, and connections to it
/// are closed, wherever they are used.
///
/// It also knows when no primary answers, so that callers are told at once and not after a deadline each.
package final class PrimaryWatch: Sendable {
    /// What one look at a host has shown.
    package enum Verdict: String, Sendable, CaseIterable {
        case primary, standby, outdated, unreachable
        case otherCluster = "other_cluster"
    }

    package struct Report: Sendable, Equatable {
        /// Host and port as the connection string names them; "" for libpq's default.
        package let host: String
        package let verdict: Verdict
    }

    private struct Guarded {
        var state: PrimaryState
        var whenRisen: [@Sendable () -> Void] = []
    }

    private struct Host {
        let name: String
        let pool: PostgresPool
    }

    private let guarded: Mutex<Guarded>
    private let hosts: [Host]
    private let remember: @Sendable (ServerTimeline) -> Void
    private let stepBack: String
    private let news: AsyncStream<ServerTimeline>.Continuation

    /// Each time when a higher timeline than before was met: what the former primary acknowledged last may be
    /// lost. For one reader.
    package let rises: AsyncStream<ServerTimeline>

    /// - Parameters:
    ///   - configuration: whose hosts are looked at, each alone.
    ///   - remembered: what an earlier process was told to remember.
    ///   - stepBack: what to do when an older timeline is wanted after all; ends an error's sentence.
    ///   - remember: called before the first statement on a new timeline, on a thread that may block.
    package init(
        _ configuration: PostgresConfiguration, remembered: ServerTimeline? = nil,
        stepBack: String = "start this program again",
        remember: @escaping @Sendable (ServerTimeline) -> Void = { _ in }
    ) {
        guarded = Mutex(Guarded(state: PrimaryState(remembered: remembered)))
        self.remember = remember
        self.stepBack = stepBack
        (rises, news) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(16))
        let candidates =
            ConnectionOptions(parsing: configuration.connectionString)
            .map { ConnectionPlan($0).candidates } ?? []
        hosts = candidates.enumerated().map { index, candidate in
            // Opened anew every few seconds: a name or a floating address may have moved on.
            let pool = PostgresPool(
                configuration.probing(host: index),
                pool: .init(size: 1, waitingTimeout: Self.patience, maximumAge: .seconds(5)))
            let place = [candidate.host ?? candidate.address, candidate.port].compactMap(\.self)
            return Host(name: place.joined(separator: ":"), pool: pool)
        }
    }

    /// For one host to say something.
    static let patience: Duration = .seconds(1)

    /// The highest timeline that was seen; nil before the first server.
    package var timeline: ServerTimeline? { guarded.withLock { $0.state.highest } }

    /// Why a connection cannot be had now; nil while it is worth trying.
    package var absence: PostgresError? { guarded.withLock { $0.state.absence } }

    /// The host to try first, by its place in the connection string.
    var preferred: Int? { guarded.withLock { $0.state.preferred } }

    /// Looks at every host at the same time, for two seconds at most. The service that calls this every
    /// second finds a new primary while the old one still answers.
    @discardableResult
    package func probe() async -> [Report] {
        let begun = ContinuousClock.now
        let positions = await withTaskGroup { group in
            for (index, host) in hosts.enumerated() {
                group.addTask { (index, await Self.look(at: host)) }
            }
            return await group.reduce(into: [Int: Result<ServerPosition, PostgresError>]()) {
                $0[$1.0] = $1.1
            }
        }
        let findings = judge(positions)
        guarded.withLock { $0.state.conclude(findings, begun: begun) }
        return zip(hosts, findings).map { Report(host: $0.name, verdict: Verdict($1)) }
    }

    /// Ends the connections that it keeps.
    package func close() async {
        for host in hosts { await host.pool.close() }
        news.finish()
    }

    private static func look(at host: Host) async -> Result<ServerPosition, PostgresError> {
        do {
            return .success(try ServerPosition(try await host.pool.query(ServerPosition.question)))
        } catch let error as PostgresError {
            return .failure(error)
        } catch {
            return .failure(.closed)
        }
    }

    /// The cluster that is known comes first, and in it the highest timeline: what comes behind is judged by
    /// that.
    private func judge(_ positions: [Int: Result<ServerPosition, PostgresError>]) -> [PrimaryState.Finding] {
        let system = timeline?.system
        var findings: [Int: PrimaryState.Finding] = [:]
        var answered: [(index: Int, position: ServerPosition)] = []
        for (index, result) in positions {
            switch result {
            case .success(let position): answered.append((index, position))
            case .failure(let error): findings[index] = .failed(error)
            }
        }
        answered.sort { one, other in
            let (known, otherKnown) = (one.position.system == system, other.position.system == system)
            return known == otherKnown
                ? (one.position.timeline ?? 0, other.index) > (other.position.timeline ?? 0, one.index)
                : known
        }
        for (index, position) in answered { findings[index] = .met(meet(position)) }
        return hosts.indices.compactMap { findings[$0] }
    }
}

/// What sessions and pools ask.
extension PrimaryWatch {
    /// Judges a server, and acts on it when it is a new primary.
    func meet(_ position: ServerPosition) -> PrimaryState.Verdict {
        let (verdict, highest, callbacks) = guarded.withLock { guarded in
            (guarded.state.meet(position), guarded.state.highest, guarded.whenRisen)
        }
        switch verdict {
        case .primary(isNews: false), .standby, .outdated, .otherCluster: break
        case .primary(isNews: true): highest.map(remember)
        case .risen:
            highest.map(remember)
            for callback in callbacks { callback() }
            if let highest { news.yield(highest) }
        }
        return verdict
    }

    func allows(_ timeline: ServerTimeline) -> Bool { guarded.withLock { $0.state.allows(timeline) } }

    func answered() { guarded.withLock { $0.state.answered(at: .now) } }

    /// Calls back, on any thread, each time when connections of lower timelines have become useless.
    func whenRisen(_ callback: @escaping @Sendable () -> Void) {
        guarded.withLock { $0.whenRisen.append(callback) }
    }

    /// Why a session is not to be used; nil when it is. For whoever reads the log and has to do something.
    func objection(
        to position: ServerPosition
    ) -> (reason: PostgresConnectionFailure.Reason, message: String)? {
        switch meet(position) {
        case .primary, .risen: return nil
        case .standby: return (.unsuitable, "the server is a standby")
        case .outdated:
            return (
                .outdated,
                "it is on timeline \(position.timeline ?? 0), and timeline \(timeline?.number ?? 0) of the "
                    + "same cluster was seen: an old primary that still runs. Stop it for good (fence it), "
                    + "or, where going back is intended, \(stepBack)"
            )
        case .otherCluster:
            return (
                .otherCluster,
                "it belongs to another cluster (system identifier \(position.system), not "
                    + "\(timeline?.system ?? "")). If the database was moved there, start this program "
                    + "again; if not, take the host out of the connection string"
            )
        }
    }
}

/// A connection's place in a cluster's history.
struct TimelineStanding: Sendable {
    let watch: PrimaryWatch
    let timeline: ServerTimeline

    /// Whether the cluster has gone on without this server.
    var isOutdated: Bool { !watch.allows(timeline) }
}

extension PrimaryWatch.Verdict {
    fileprivate init(_ finding: PrimaryState.Finding) {
        switch finding {
        case .met(.primary), .met(.risen): self = .primary
        case .met(.standby): self = .standby
        case .met(.outdated): self = .outdated
        case .met(.otherCluster): self = .otherCluster
        case .failed: self = .unreachable
        }
    }
}
