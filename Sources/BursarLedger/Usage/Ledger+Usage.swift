// Counts, refresh events and statements: what finance and auditors will read.
package import BursarCore
internal import Postgres

extension Ledger: UsageStore {
    package func add(
        _ counts: [UsageCount], events: [RefreshEvent], replica: ReplicaID
    ) async throws(StoreFailure) {
        try await serving("storing usage") {
            try await pool.transaction { connection in
                if !counts.isEmpty { try await self.add(counts, on: connection) }
                if !events.isEmpty { try await self.add(events, replica: replica, on: connection) }
            }
        }
    }

    /// Rows go in key order, so that two replicas that add to the same ones cannot wait for each other.
    private func add(_ counts: [UsageCount], on connection: PostgresConnection) async throws {
        try await connection.execute(
            """
            INSERT INTO bursar.usage_minute AS usage
                (tenant_id, minute, client_id, provider, environment, outcome, count)
            SELECT * FROM unnest(
                \(counts.map { $0.key.tenant?.uuid ?? Self.nobody }.map(PostgresUUID.init)),
                \(counts.map { PostgresTimestamp(microseconds: $0.minute * 60_000_000) }),
                \(counts.map { $0.key.client?.text ?? "" }),
                \(counts.map { $0.key.provider?.text ?? "" }),
                \(counts.map { $0.key.environment?.rawValue ?? "" }),
                \(counts.map(\.key.outcome.rawValue)),
                \(counts.map(\.count)))
            ORDER BY 1, 2, 3, 4, 5, 6
            ON CONFLICT (tenant_id, minute, client_id, provider, environment, outcome)
                DO UPDATE SET count = usage.count + excluded.count
            """)
    }

    private func add(
        _ events: [RefreshEvent], replica: ReplicaID, on connection: PostgresConnection
    ) async throws {
        try await connection.execute(
            """
            INSERT INTO bursar.refresh_event
                (owner_id, event_id, at, tenant_id, provider, environment, credential_id, cause, step,
                 outcome, http_status, latency_us, lifetime_seconds, replica_id)
            SELECT event.*, \(replica) FROM unnest(
                \(events.map { PostgresUUID($0.owner.uuid) }),
                \(events.map { PostgresUUID($0.id) }),
                \(events.map { PostgresTimestamp(microseconds: $0.at.microseconds) }),
                \(events.map { $0.tenant.map { $0.column } }),
                \(events.map(\.provider.text)),
                \(events.map(\.environment.rawValue)),
                \(events.map { PostgresUUID($0.credential.uuid) }),
                \(events.map(\.cause.rawValue)),
                \(events.map(\.step.rawValue)),
                \(events.map { $0.failure?.rawValue ?? "ok" }),
                \(events.map { $0.status.map(Int32.init) }),
                \(events.map(\.latency.microseconds)),
                \(events.map { $0.lifetime?.components.seconds })) AS event
            ON CONFLICT DO NOTHING
            """)
    }

    /// Stands for "no tenant known" where a key column cannot be null.
    static let nobody = UUIDValue(high: 0, low: 0)
}

extension PostgresUUID {
    init(_ uuid: UUIDValue) { self.init(high: uuid.high, low: uuid.low) }
}

extension Ledger: StatementStore {
    package func record(_ statement: ScopedStatement) async throws(StoreFailure) {
        try await serving("recording a scoped token's statement") {
            var detail = statement.memberHashes.mapValues { hexText($0) }
            detail["subject"] = hexText(statement.subjectHash)
            detail["provider"] = statement.provider.text
            detail["environment"] = statement.environment.rawValue
            try await AuditEntry(
                tenant: statement.tenant, action: .scopedTokenStated, subject: statement.client.text,
                detail: detail
            ).insert(id: statement.id, actor: "client", on: pool)
        }
    }
}

extension Ledger {
    /// Makes this month's partition of the refresh events, and the next one's. Cheap when they are there.
    package func ensurePartitions() async throws(StoreFailure) {
        try await serving("making partitions") {
            _ = try await pool.query("SELECT bursar.ensure_partitions((now() AT TIME ZONE 'UTC')::date)")
        }
    }
}
