// The replicas' heartbeats, and the list of them.
package import BursarCore
internal import Postgres

/// A replica as the database knows it.
package struct ReplicaRecord: Sendable, Hashable {
    package let id: ReplicaID
    package let label: ReplicaLabel
    package let startedAt: Instant
    /// Time since its last heartbeat.
    package let silence: Duration
    package let applied: ConfigVersion?
    /// How long there has been a configuration that it has not applied; nil when it has the latest.
    package let behind: Duration?
    package let share: ReplicaShare
    package let keyIDs: [String]

    /// Whether it can be counted on to hear of a change.
    package var isLive: Bool { silence <= Self.patience }

    /// Ten heartbeats.
    package static let patience: Duration = .seconds(10)
}

extension Ledger: ReplicaStore {
    package func beat(_ report: ReplicaReport) async throws(StoreFailure) -> ReplicaNews {
        try await serving(.heartbeat) {
            let rows = try await pool.query(
                """
                SELECT version, members, live, share, clock FROM bursar.heartbeat(
                    \(report.id), \(report.place), \(report.label.name), \(report.label.program),
                    \(report.keyIDs), \(report.beat), \(report.applied?.number),
                    \(report.share.millionths)::int)
                """)
            let (version, members, live, share, now) = try rows[0].decode(
                Int64.self, Int.self, Int.self, Int.self, Instant.self)
            return ReplicaNews(
                version: ConfigVersion(version), members: members, live: live,
                share: ReplicaShare(millionths: share), now: now)
        }
    }

    package func farewell(_ replica: ReplicaID) async throws(StoreFailure) {
        try await serving(.farewell) {
            _ = try await pool.execute("DELETE FROM bursar.replica WHERE replica_id = \(replica)")
        }
    }

    /// Every replica that is known, the oldest first.
    package func replicas() async throws -> [ReplicaRecord] {
        try await pool.query(
            """
            SELECT replica_id, name, program, started_at, clock_timestamp() - heartbeat_at AS silence,
                applied_version, share_millionths, key_ids,
                CASE WHEN applied_version IS DISTINCT FROM config_version.version THEN
                    clock_timestamp() - greatest(
                        (SELECT min(at) FROM bursar.config_change
                         WHERE config_change.version > coalesce(applied_version, 0)), started_at)
                END AS behind
            FROM bursar.replica CROSS JOIN bursar.config_version
            ORDER BY started_at, replica_id
            """
        ).map { row in
            ReplicaRecord(
                id: try row.decode("replica_id"),
                label: ReplicaLabel(name: try row.decode("name"), program: try row.decode("program")),
                startedAt: try row.decode("started_at"),
                silence: try row.decode("silence", as: PostgresInterval.self).duration,
                applied: try row.decode("applied_version", as: Int64?.self).map { ConfigVersion($0) },
                behind: try row.decode("behind", as: PostgresInterval?.self)?.duration,
                share: ReplicaShare(millionths: try row.decode("share_millionths", as: Int.self)),
                keyIDs: try row.decode("key_ids"))
        }
    }

    /// The version that the latest change has made.
    package func configurationVersion() async throws -> ConfigVersion { try await currentVersion() }
}
