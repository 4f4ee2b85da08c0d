// Replicas in memory, with the same rules as the database's.
package import BursarCore
package import BursarGateway
internal import Synchronization

/// A `ReplicaStore` that passes `ReplicaStoreBehaviour` as BursarLedger does. Its clock is the test's.
package final class MemoryReplicaStore: ReplicaStore {
    private struct Row {
        let place: UUIDValue
        var heardAt: Instant
        var keptUntil: Instant
        var report: ReplicaReport
        var share: ReplicaShare
    }

    package let availability = StoreSwitch()
    private let rows = Mutex<[ReplicaID: Row]>([:])
    private let version: @Sendable () -> ConfigVersion
    private let clock: any GatewayClock

    private static let kept: Duration = .seconds(60)
    private static let patience: Duration = .seconds(10)

    /// - Parameter version: the configuration's, as the same database has it.
    package init(clock: any GatewayClock, version: @escaping @Sendable () -> ConfigVersion) {
        self.clock = clock
        self.version = version
    }

    package func beat(_ report: ReplicaReport) async throws(StoreFailure) -> ReplicaNews {
        try availability.pass()
        return take(report)
    }

    package func farewell(_ replica: ReplicaID) async throws(StoreFailure) {
        try availability.pass()
        remove(replica)
    }

    /// The same without waiting, for simulations.
    package func take(_ report: ReplicaReport) -> ReplicaNews {
        let (now, version) = (clock.now(), version())
        return rows.withLock { rows in
            if rows.values.allSatisfy({ $0.heardAt <= now - Self.patience }) {
                for id in rows.keys { rows[id]?.keptUntil = now + Self.kept }
            }
            rows = rows.filter { id, row in
                id == report.id || (row.keptUntil >= now && row.place != report.place)
            }
            let others = rows.filter { $0.key != report.id }.values
            let free = ReplicaShare.whole.millionths - others.map(\.share.millionths).reduce(0, +)
            let fair = ReplicaShare.equal(among: others.count + 1).millionths
            let share = ReplicaShare(millionths: max(report.share.millionths, min(fair, free)))
            if rows[report.id].map({ $0.report.beat < report.beat }) ?? true {
                rows[report.id] = Row(
                    place: report.place, heardAt: now, keptUntil: now + Self.kept, report: report,
                    share: share)
            }
            return ReplicaNews(
                version: version, members: others.count + 1,
                live: others.count { $0.heardAt > now - Self.patience } + 1, share: share, now: now)
        }
    }

    package func remove(_ replica: ReplicaID) { rows.withLock { $0[replica] = nil } }

    /// What each replica last said, for tests.
    package var reports: [ReplicaReport] {
        rows.withLock { rows in rows.values.map(\.report).sorted { $0.id < $1.id } }
    }
}
