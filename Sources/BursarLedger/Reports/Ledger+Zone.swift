// The zone whose days and months are reported.
internal import BursarCore
internal import Postgres

extension Ledger {
    /// Makes `zone` the reporting zone and answers the one in force; nil leaves it as it is. Days are made
    /// anew from the minutes. Refused for a name that PostgreSQL does not know, once a month is closed, and
    /// when the minutes of some days are gone.
    package func adoptReportZone(_ zone: String?) async throws -> String {
        let current = try await pool.query("SELECT bursar.report_zone() AS zone")[0].decode(
            "zone", as: String.self)
        guard let zone, zone != current else { return current }
        try await pool.transaction { connection in
            try await self.keepCountsOut(on: connection)
            try await self.checkZone(zone, instead: current, on: connection)
            try await connection.execute("UPDATE bursar.report_zone SET zone = \(zone)")
            let sums = Meter.allCases.map { "sum(\($0.rawValue))" }.joined(separator: ", ")
            try await connection.execute("DELETE FROM bursar.usage_day", timeout: Self.longTime)
            try await connection.execute("DELETE FROM bursar.usage_month", timeout: Self.longTime)
            try await connection.execute(
                """
                INSERT INTO bursar.usage_day
                    (tenant_id, day, client_id, provider, environment, \(unescaped: Self.meters))
                SELECT tenant_id, (minute AT TIME ZONE \(zone))::date, client_id, provider, environment,
                    \(unescaped: sums)
                FROM bursar.usage_minute GROUP BY 1, 2, 3, 4, 5
                """, timeout: Self.longTime)
            try await connection.execute(
                """
                INSERT INTO bursar.usage_month
                    (tenant_id, month, client_id, provider, environment, \(unescaped: Self.meters))
                SELECT tenant_id, date_trunc('month', day)::date, client_id, provider, environment,
                    \(unescaped: sums)
                FROM bursar.usage_day GROUP BY 1, 2, 3, 4, 5
                """, timeout: Self.longTime)
            try await self.remakeEventDays(zone, on: connection)
        }
        return zone
    }

    /// For work on a month or more.
    static var longTime: Duration { .seconds(600) }

    /// As far as the requests themselves are kept; days before that stay as they were.
    private func remakeEventDays(_ zone: String, on connection: PostgresConnection) async throws {
        let firstKept: PostgresQuery =
            "(SELECT (min(at) AT TIME ZONE 'UTC')::date - 1 FROM bursar.refresh_event)"
        for table in ["refresh_day", "refresh_provider_day"] {
            try await connection.execute(
                "DELETE FROM bursar.\(unescaped: table) WHERE day >= \(firstKept)", timeout: Self.longTime)
        }
        try await connection.execute(
            """
            INSERT INTO bursar.refresh_day AS sums
            SELECT coalesce(tenant_id, \(Self.nobody)), (at AT TIME ZONE \(zone))::date, provider,
                environment, step, outcome, bursar.latency_bucket(latency_us), count(*)
            FROM bursar.refresh_event GROUP BY 1, 2, 3, 4, 5, 6, 7
            ON CONFLICT (tenant_id, day, provider, environment, step, outcome, bucket)
                DO UPDATE SET count = excluded.count
            """, timeout: Self.longTime)
        try await connection.execute(
            """
            INSERT INTO bursar.refresh_provider_day
            SELECT day, provider, environment, outcome, bucket, sum(count)::bigint
            FROM bursar.refresh_day WHERE day >= \(firstKept) GROUP BY 1, 2, 3, 4, 5
            """, timeout: Self.longTime)
        try await connection.execute(
            """
            INSERT INTO bursar.downtime_dirty (hour, directory_id, boot_id, sequence)
            SELECT DISTINCT hour, \(Self.newID()), \(Self.newID()), 0::bigint FROM bursar.downtime_hour
            """, timeout: Self.longTime)
    }

    private func checkZone(
        _ zone: String, instead current: String, on connection: PostgresConnection
    ) async throws {
        let names = try await connection.query("SELECT name FROM pg_timezone_names ORDER BY name").map {
            try $0.decode("name", as: String.self)
        }
        guard names.contains(zone) else {
            let nearest = nearestName(to: zone, among: names).map { "; did you mean \($0)?" } ?? ""
            throw LedgerError.refused("BURSAR_REPORT_ZONE: there is no zone \(zone)\(nearest)")
        }
        let rows = try await connection.query(
            """
            SELECT (SELECT min(period) FROM bursar.period) AS closed,
                (SELECT min(day) FROM bursar.usage_day) < coalesce(
                    (SELECT (min(minute) AT TIME ZONE \(current))::date FROM bursar.usage_minute),
                    'infinity') AS has_gone
            """)
        let (closed, hasGone) = try rows[0].decode(String?.self, Bool?.self)
        if let closed {
            throw LedgerError.refused(
                "BURSAR_REPORT_ZONE: months are reported in \(current) since \(closed) was closed, "
                    + "and stay so; set \(current), or leave the setting out")
        }
        guard hasGone != true else {
            throw LedgerError.refused(
                "BURSAR_REPORT_ZONE: the minutes of the first reported days are not kept any more, so they "
                    + "cannot be counted by \(zone)'s days; leave it at \(current)")
        }
    }
}
