// Time in which a connection was asked for a token and had no good one.
package import BursarCore
internal import Postgres

extension Ledger {
    /// Hours of one call.
    private static var hoursAtOnce: Int64 { 48 }

    /// Makes downtime anew for the hours in which requests to providers were stored since. One replica works
    /// at a time. Answers whether more is left.
    package func rollUp() async throws(StoreFailure) -> Bool {
        try await serving(.rollUp) {
            try await pool.transaction { connection in
                let lock = try await connection.query(
                    """
                    SELECT pg_try_advisory_xact_lock(hashtext('bursar.downtime'))
                        AND pg_try_advisory_xact_lock_shared(\(Self.periodLock)) AS mine
                    """)
                guard try lock[0].decode("mine", as: Bool.self) else { return false }
                // Each statement sees what the locks let in before it: a month that was just closed, and at
                // least the events whose marks are deleted.
                let hours = try await connection.query(
                    "SELECT DISTINCT hour FROM bursar.downtime_dirty ORDER BY 1 LIMIT \(Self.hoursAtOnce)"
                ).map { try $0.decode("hour", as: PostgresTimestamp.self) }
                guard !hours.isEmpty else { return false }
                try await connection.execute(
                    "DELETE FROM bursar.downtime_dirty WHERE hour = ANY(\(hours))")
                try await self.remake(hours, on: connection)
                return hours.count == Self.hoursAtOnce
            }
        }
    }

    /// A failed request opens an outage, unless a token is good for longer; the owner's next request to the
    /// provider ends it, or takes it over with its own fault: amidst a rotation that may be with another
    /// credential. Nobody is known to have asked an hour after the last failure. A merchant who reports its
    /// token has no good one. An outage may reach into the next hour: that one is made anew as well. Days of
    /// closed months stay as they are.
    private func remake(_ hours: [PostgresTimestamp], on connection: PostgresConnection) async throws {
        let remade: PostgresQuery = """
            WITH remade AS (
                SELECT hour FROM unnest(\(hours)) AS hour
                UNION SELECT hour + interval '1 hour' FROM unnest(\(hours)) AS hour
            )
            """
        try await connection.execute(
            """
            \(remade) DELETE FROM bursar.downtime_hour
            WHERE hour IN (SELECT hour FROM remade)
                AND date_trunc('month', day)::date NOT IN (SELECT first_day FROM bursar.period)
            """)
        try await connection.execute(
            """
            \(remade), failed AS (
                SELECT DISTINCT ON (owner_id, credential_id, at)
                    owner_id, credential_id, tenant_id, provider, environment, fault, cause, at
                FROM bursar.refresh_event
                WHERE fault IS NOT NULL AND step <> 'scoped'
                    AND at >= (SELECT min(hour) FROM remade) - interval '1 hour'
                    AND at < (SELECT max(hour) FROM remade) + interval '1 hour'
                ORDER BY owner_id, credential_id, at, event_id
            ), outage AS (
                SELECT failed.*, greatest(failed.at, covered.until) AS begins,
                    least(next.at, failed.at + interval '1 hour') AS ends
                FROM failed
                LEFT JOIN LATERAL (
                    SELECT at + make_interval(secs => lifetime_seconds) AS until FROM bursar.refresh_event
                    WHERE owner_id = failed.owner_id AND provider = failed.provider
                        AND environment = failed.environment
                        AND at < failed.at AND at > failed.at - interval '2 days' AND fault IS NULL
                        AND step <> 'scoped' AND failed.cause <> 'rejected'
                    ORDER BY at DESC LIMIT 1) AS covered ON true
                LEFT JOIN LATERAL (
                    SELECT CASE WHEN fault IS NULL THEN at + latency_us * interval '1 microsecond' ELSE at END
                        AS at
                    FROM bursar.refresh_event
                    WHERE owner_id = failed.owner_id AND provider = failed.provider
                        AND environment = failed.environment
                        AND at > failed.at AND at <= failed.at + interval '1 hour' AND step <> 'scoped'
                    ORDER BY refresh_event.at LIMIT 1) AS next ON true
            ), piece AS (
                SELECT outage.*, hour, (quarter AT TIME ZONE bursar.report_zone())::date AS day,
                    extract(epoch FROM least(ends, quarter + interval '15 minutes')
                        - greatest(begins, quarter)) AS seconds
                FROM outage JOIN remade ON begins < hour + interval '1 hour' AND ends > hour
                CROSS JOIN LATERAL generate_series(
                    hour, hour + interval '45 minutes', interval '15 minutes') AS quarter
                WHERE begins < quarter + interval '15 minutes' AND ends > quarter AND begins < ends
            )
            INSERT INTO bursar.downtime_hour
            SELECT coalesce(connection.tenant_id, piece.tenant_id, \(Self.nobody)), hour, day, piece.provider,
                piece.environment, fault, ceil(sum(seconds) * 1000)::bigint
            FROM piece LEFT JOIN bursar.connection ON connection.credential_id = piece.credential_id
            WHERE date_trunc('month', day)::date NOT IN (SELECT first_day FROM bursar.period)
            GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(seconds) > 0
            """, timeout: .seconds(60))
    }
}
