// Reads reports in one snapshot of the database.
internal import BursarCore
internal import Postgres

/// The queries of one report. All of them see the same moment.
struct ReportReader: Sendable {
    let connection: PostgresConnection
    let head: PeriodHead
    let filter: ReportFilter

    /// Rows of one batch of a stream.
    static let batch = 1_000

    /// The days of the period, and what the filter lets through.
    private func condition(_ filter: ReportFilter, of period: ReportPeriod) -> PostgresQuery {
        """
        day >= \(period.firstDay)::date AND day < \(period.next.firstDay)::date
            AND (\(filter.tenant)::uuid IS NULL OR tenant_id = \(filter.tenant))
            AND (\(filter.day)::date IS NULL OR day = \(filter.day)::date)
            AND (\(filter.provider?.text)::text IS NULL OR provider = \(filter.provider?.text))
            AND (\(filter.environment?.rawValue)::text IS NULL
                OR environment = \(filter.environment?.rawValue))
        """
    }

    private func lines(of period: ReportPeriod, _ filter: ReportFilter) -> PostgresQuery {
        """
        FROM bursar.report_row WHERE \(condition(filter, of: period))
            AND (\(filter.client?.text)::text IS NULL OR client_id = \(filter.client?.text))
        """
    }

    // MARK: Totals

    func totals(of period: ReportPeriod? = nil) async throws -> MeterCounts {
        let rows = try await connection.query(
            "SELECT \(unescaped: Self.sums) AS counts \(lines(of: period ?? head.period, filter))")
        return try rows.first?.counts() ?? MeterCounts()
    }

    /// Every meter's sum, as one array.
    static let sums =
        "ARRAY["
        + Meter.allCases.map { "coalesce(sum(\($0.rawValue)), 0)::bigint" }.joined(separator: ", ") + "]"
    static let plain = "ARRAY[" + Ledger.meters + "]::bigint[]"

    // MARK: Rows

    func rows(
        by grouping: ReportGrouping?, _ each: @Sendable ([UsageRow]) async throws -> Void
    ) async throws {
        if grouping == .reason { return try await reasons(each) }
        _ = try await connection.rows(query(by: grouping), batch: Self.batch) { rows in
            try await each(try rows.map { try UsageRow(report: $0) })
        }
    }

    private func query(by grouping: ReportGrouping?) -> PostgresQuery {
        let lines = lines(of: head.period, filter)
        switch grouping {
        case nil where head.closing != nil && filter == .all:
            return """
                SELECT \(unescaped: Self.line) FROM bursar.usage_snapshot
                WHERE period = \(head.period.description) ORDER BY line
                """
        case nil:
            return "SELECT \(unescaped: Self.line) \(lines) ORDER BY \(unescaped: Self.order)"
        case .tenant:
            return grouped("tenant_id, \(name) AS tenant_name, '', '', ''", lines, "tenant_id")
        case .client:
            return grouped(
                "tenant_id, \(name) AS tenant_name, client_id, '', ''", lines, "tenant_id, client_id")
        case .provider:
            return grouped("NULL::uuid, NULL, '', provider, environment", lines, "provider, environment")
        case .day, .reason:
            return """
                SELECT day::text AS day, NULL::uuid, NULL, '', '', '', NULL, NULL,
                    \(unescaped: Self.sums) AS counts
                \(lines) GROUP BY day ORDER BY report_row.day
                """
        }
    }

    private func grouped(_ columns: PostgresQuery, _ lines: PostgresQuery, _ keys: String) -> PostgresQuery {
        """
        SELECT NULL, \(columns), NULL, NULL, \(unescaped: Self.sums) AS counts
        \(lines) GROUP BY \(unescaped: keys)
        ORDER BY \(unescaped: Self.answers) DESC, \(unescaped: keys)
        """
    }

    /// The last name that the tenant had within the period.
    private var name: PostgresQuery {
        """
        coalesce((SELECT name FROM bursar.tenant_name
            WHERE tenant_name.tenant_id = report_row.tenant_id AND since < \(head.endsAt)
            ORDER BY since DESC LIMIT 1), \(UsageRow.unattributed))
        """
    }

    static let answers = "sum(" + Meter.answers.map(\.rawValue).joined(separator: " + ") + ")"
    static let line = """
        day::text AS day, tenant_id, tenant_name, client_id, provider, environment, correction_of, reason, \
        \(plain) AS counts
        """
    /// The order of a month's file; text by its bytes, whatever collation the database has.
    static let order = """
        report_row.day, tenant_id, client_id COLLATE "C", provider COLLATE "C", environment COLLATE "C", \
        correction_of COLLATE "C" NULLS FIRST, reason COLLATE "C" NULLS FIRST
        """

    private func reasons(_ each: @Sendable ([UsageRow]) async throws -> Void) async throws {
        let totals = try await totals()
        try await each(
            Meter.allCases.filter { totals[$0] != 0 }.map { meter in
                var counts = MeterCounts()
                counts[meter] = totals[meter]
                return UsageRow(reason: meter.rawValue, counts: counts)
            })
    }

    // MARK: Service

    /// What the rows of a table about requests to providers are grouped by.
    enum ServiceKey: String {
        case all = "''"
        case day = "day::text"
        case tenant = "tenant_id::text"
        case provider = "provider || '/' || environment"
    }

    func service(by key: ServiceKey, of period: ReportPeriod? = nil) async throws -> [String: ServiceFigures]
    {
        let condition = condition(filter, of: period ?? head.period)
        var figures: [String: ServiceFigures] = [:]
        let rows = try await connection.query(
            """
            WITH merged AS (
                SELECT \(unescaped: key.rawValue) AS key, bucket, sum(count)::bigint AS count,
                    coalesce(sum(count) FILTER (WHERE outcome = 'ok'), 0)::bigint AS succeeded
                FROM bursar.refresh_day WHERE \(condition) GROUP BY 1, 2
            ), cumulative AS (
                SELECT *, sum(count) OVER (each ORDER BY bucket) AS reached, sum(count) OVER each AS total
                FROM merged WINDOW each AS (PARTITION BY key)
            )
            SELECT key, sum(succeeded)::bigint AS succeeded, (sum(count) - sum(succeeded))::bigint AS failed,
                bursar.latency_bound_us(min(bucket) FILTER (WHERE reached >= 0.5 * total)) AS p50,
                bursar.latency_bound_us(min(bucket) FILTER (WHERE reached >= 0.95 * total)) AS p95,
                bursar.latency_bound_us(min(bucket) FILTER (WHERE reached >= 0.99 * total)) AS p99
            FROM cumulative GROUP BY key
            """)
        for row in rows {
            let (key, succeeded, failed, p50, p95, p99) = try row.decode(
                String.self, Int64.self, Int64.self, Int64?.self, Int64?.self, Int64?.self)
            figures[key] = ServiceFigures(
                succeeded: succeeded, failed: failed, p50: p50.map { .microseconds($0) },
                p95: p95.map { .microseconds($0) }, p99: p99.map { .microseconds($0) })
        }
        let downtime = try await connection.query(
            """
            SELECT \(unescaped: key.rawValue) AS key, fault, sum(seconds)::bigint AS seconds
            FROM bursar.downtime_day WHERE \(condition) GROUP BY 1, 2
            """)
        for row in downtime {
            let (key, fault, seconds) = try row.decode(String.self, String.self, Int64.self)
            guard let fault = Fault(rawValue: fault) else { continue }
            figures[key, default: ServiceFigures()].downtimeSeconds[fault] = seconds
        }
        return figures
    }

    func failures() async throws -> [UsageOverview.FailureCount] {
        try await connection.query(
            """
            SELECT provider, environment, outcome, sum(count)::bigint AS count FROM bursar.refresh_day
            WHERE outcome <> 'ok' AND \(condition(filter, of: head.period))
            GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 50
            """
        ).map { row in
            let (provider, environment, reason, count) = try row.decode(
                String.self, String.self, String.self, Int64.self)
            return UsageOverview.FailureCount(
                provider: provider, environment: environment, reason: reason, count: count)
        }
    }

    func corrections() async throws -> [UsageRow] {
        try await connection.query(
            """
            SELECT \(unescaped: Self.line) \(lines(of: head.period, filter)) AND correction_of IS NOT NULL
            ORDER BY \(unescaped: Self.order) LIMIT 200
            """
        ).map { try UsageRow(report: $0) }
    }

    /// Tenants whose answers differ most from the month before.
    func movers() async throws -> [UsageOverview.Mover] {
        let period = head.period
        return try await connection.query(
            """
            WITH compared AS (
                SELECT tenant_id,
                    coalesce(\(unescaped: Self.answers) FILTER (WHERE day < \(period.firstDay)::date), 0)
                        AS before,
                    coalesce(\(unescaped: Self.answers) FILTER (WHERE day >= \(period.firstDay)::date), 0)
                        AS now
                FROM bursar.report_row
                WHERE day >= \(period.previous.firstDay)::date AND day < \(period.next.firstDay)::date
                    AND (\(filter.tenant)::uuid IS NULL OR tenant_id = \(filter.tenant))
                GROUP BY tenant_id
            )
            SELECT \(moverName) AS name, before::bigint, now::bigint FROM compared
            WHERE before <> now ORDER BY abs(now - before) DESC, tenant_id LIMIT 8
            """
        ).map { row in
            let (name, before, now) = try row.decode(String.self, Int64.self, Int64.self)
            return UsageOverview.Mover(name: name, before: before, now: now)
        }
    }

    private var moverName: PostgresQuery {
        """
        coalesce((SELECT name FROM bursar.tenant_name
            WHERE tenant_name.tenant_id = compared.tenant_id AND since < \(head.endsAt)
            ORDER BY since DESC LIMIT 1), \(UsageRow.unattributed))
        """
    }
}

extension PostgresRow {
    func counts() throws -> MeterCounts {
        var counts = MeterCounts()
        for (meter, count) in zip(Meter.allCases, try decode("counts", as: [Int64].self)) {
            counts[meter] = count
        }
        return counts
    }
}

extension UsageRow {
    /// From the columns of `ReportReader.line`.
    init(report row: PostgresRow) throws {
        let (day, tenant, name, client, provider, environment, corrects, reason, counts) = try row.decode(
            String?.self, TenantID?.self, String?.self, String.self, String.self, String.self, String?.self,
            String?.self, [Int64].self)
        self.init(
            day: day, tenant: tenant?.uuid == Ledger.nobody ? nil : tenant, tenantName: name,
            client: client.isEmpty ? nil : client, provider: provider.isEmpty ? nil : provider,
            environment: environment.isEmpty ? nil : environment,
            correctionOf: corrects.flatMap(ReportPeriod.init), reason: reason, counts: MeterCounts())
        for (meter, count) in zip(Meter.allCases, counts) { self.counts[meter] = count }
    }
}
