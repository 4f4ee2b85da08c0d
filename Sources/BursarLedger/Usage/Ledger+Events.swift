// Requests to providers: the rows, and what they add up to.
internal import BursarCore
internal import Postgres

extension Ledger {
    /// Called within the transaction that stores the batch, so that the sums grow once.
    func store(
        _ events: [RefreshEvent], of batch: UsageBatch, on connection: PostgresConnection
    ) async throws {
        let given = Self.given(events)
        try await connection.execute(
            """
            \(given) INSERT INTO bursar.refresh_event
                (owner_id, event_id, at, tenant_id, provider, environment, credential_id, cause, step,
                 outcome, fault, http_status, latency_us, lifetime_seconds, replica_id)
            SELECT given.*, \(batch.journal.boot) FROM given ON CONFLICT DO NOTHING
            """, timeout: Self.batchTime)
        try await connection.execute(
            """
            \(given) INSERT INTO bursar.refresh_hour AS sums
            SELECT date_trunc('hour', at, 'UTC'), provider, environment, step, outcome,
                bursar.latency_bucket(latency_us), count(*), max(latency_us)
            FROM given GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
            ON CONFLICT (hour, provider, environment, step, outcome, bucket) DO UPDATE SET
                count = sums.count + excluded.count, max_us = greatest(sums.max_us, excluded.max_us)
            """, timeout: Self.batchTime)
        // What comes for a closed month changes nothing of its page.
        let dated: PostgresQuery = """
            \(given), dated AS (
                SELECT * FROM (
                    SELECT given.*, (at AT TIME ZONE (SELECT zone FROM bursar.report_zone))::date AS day,
                        bursar.latency_bucket(latency_us) AS bucket
                    FROM given) AS placed
                WHERE date_trunc('month', day)::date NOT IN (SELECT first_day FROM bursar.period))
            """
        try await connection.execute(
            """
            \(dated) INSERT INTO bursar.refresh_day AS sums
            SELECT coalesce(tenant_id, \(Self.nobody)), day, provider, environment, step, outcome, bucket,
                count(*)
            FROM dated GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
            ON CONFLICT (tenant_id, day, provider, environment, step, outcome, bucket) DO UPDATE SET
                count = sums.count + excluded.count
            """, timeout: Self.batchTime)
        try await connection.execute(
            """
            \(dated) INSERT INTO bursar.refresh_provider_day AS sums
            SELECT day, provider, environment, outcome, bucket, count(*)
            FROM dated GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
            ON CONFLICT (day, provider, environment, outcome, bucket) DO UPDATE SET
                count = sums.count + excluded.count
            """, timeout: Self.batchTime)
        try await connection.execute(
            """
            \(given) INSERT INTO bursar.downtime_dirty (hour, directory_id, boot_id, sequence)
            SELECT DISTINCT date_trunc('hour', at, 'UTC'), \(batch.journal.directory), \(batch.journal.boot),
                \(batch.last)
            FROM given ON CONFLICT DO NOTHING
            """, timeout: Self.batchTime)
    }

    private static func given(_ events: [RefreshEvent]) -> PostgresQuery {
        """
        WITH given
            (owner_id, event_id, at, tenant_id, provider, environment, credential_id, cause, step, outcome,
             fault, http_status, latency_us, lifetime_seconds) AS (
            SELECT * FROM unnest(
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
                \(events.map { $0.failure?.fault.rawValue }),
                \(events.map { $0.status.map(Int32.init) }),
                \(events.map(\.latency.microseconds)),
                \(events.map { $0.lifetime?.components.seconds })))
        """
    }
}
