// Reads reports in one snapshot of the database.
internal import BursarCore
internal import Postgres

/// The queries of one report. All of them see the same moment.
struct ReportReader: PeriodReader {
    let connection: PostgresConnection
    let head: PeriodHead
    let filter: ReportFilter

    /// Rows of one batch of a stream.
    static let batch = 1_000

    /// What the filter lets through of rows that may be of any tenant's and any day.
    private var providerCondition: PostgresQuery {
        """
        (\(filter.provider?.text)::text IS NULL OR provider = \(filter.provider?.text))
            AND (\(filter.environment?.rawValue)::text IS NULL
                OR environment = \(filter.environment?.rawValue))
        """
    }

    private func isWithin(_ period: ReportPeriod) -> PostgresQuery {
        "day >= \(period.firstDay)::date AND day < \(period.next.firstDay)::date"
    }

    /// The same of rows that have a day.
    func condition(_ period: ReportPeriod) -> PostgresQuery {
        """
        \(isWithin(period)) AND (\(filter.day)::date IS NULL OR day = \(filter.day)::date)
            AND \(providerCondition)
        """
    }

    var tenantCondition: PostgresQuery {
        "(\(filter.tenant)::uuid IS NULL OR tenant_id = \(filter.tenant))"
    }

    private var clientCondition: PostgresQuery {
        "(\(filter.client?.text)::text IS NULL OR client_id = \(filter.client?.text))"
    }

    /// The rows of the month's file: of a closed one from its snapshot.
    var lines: PostgresQuery {
        let source: PostgresQuery =
            head.closing != nil
            ? "bursar.usage_snapshot AS report_row WHERE period = \(head.period.description)"
            : "bursar.open_row AS report_row WHERE true"
        return """
            FROM \(source) AND \(condition(head.period)) AND \(tenantCondition) AND \(clientCondition)
            """
    }

    private static let summed = "tenant_id, client_id, provider, environment, " + Ledger.meters

    /// Rows with the same sums by day, without names. Days of closed months are final: what comes for them is
    /// a correction of the day that it comes on.
    func days(of period: ReportPeriod) -> PostgresQuery {
        """
        FROM (
            SELECT day, \(unescaped: Self.summed) FROM bursar.usage_day WHERE \(isWithin(period))
            UNION ALL
            SELECT day, \(unescaped: Self.summed) FROM bursar.usage_correction WHERE \(isWithin(period))
        ) AS report_row
        WHERE \(condition(period)) AND \(tenantCondition) AND \(clientCondition)
        """
    }

    /// The same without days, a thirtieth as many; within a day, that day's.
    func sums(of period: ReportPeriod) -> PostgresQuery {
        guard filter.day == nil else { return days(of: period) }
        return """
            FROM (
                SELECT \(unescaped: Self.summed) FROM bursar.usage_month
                WHERE month = \(period.firstDay)::date
                UNION ALL
                SELECT \(unescaped: Self.summed) FROM bursar.usage_correction WHERE \(isWithin(period))
            ) AS report_row
            WHERE \(providerCondition) AND \(tenantCondition) AND \(clientCondition)
            """
    }

    // MARK: Totals

    func totals() async throws -> MeterCounts {
        let rows = try await connection.query(
            "SELECT \(unescaped: Self.sums) AS counts \(sums(of: head.period))")
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
        let sums = sums(of: head.period)
        switch grouping {
        case nil where head.closing != nil && filter == .all:
            return """
                SELECT \(unescaped: Self.line) FROM bursar.usage_snapshot
                WHERE period = \(head.period.description) ORDER BY line
                """
        case nil:
            return "SELECT \(unescaped: Self.line) \(lines) ORDER BY \(unescaped: Self.order)"
        case .tenant:
            return grouped("tenant_id, \(name) AS tenant_name, '', '', ''", sums, "tenant_id")
        case .client:
            return grouped(
                "tenant_id, \(name) AS tenant_name, client_id, '', ''", sums, "tenant_id, client_id")
        case .provider:
            return grouped("NULL::uuid, NULL, '', provider, environment", sums, "provider, environment")
        case .day, .reason:
            return """
                SELECT day::text AS day, NULL::uuid, NULL, '', '', '', NULL, NULL,
                    \(unescaped: Self.sums) AS counts
                \(days(of: head.period)) GROUP BY day ORDER BY report_row.day
                """
        }
    }

    private func grouped(_ columns: PostgresQuery, _ source: PostgresQuery, _ keys: String) -> PostgresQuery {
        """
        SELECT NULL, \(columns), NULL, NULL, \(unescaped: Self.sums) AS counts
        \(source) GROUP BY \(unescaped: keys)
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
}

extension PostgresRow {
    func counts() throws -> MeterCounts {
        MeterCounts(try decode("counts", as: [Int64].self))
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
            correctionOf: corrects.flatMap(ReportPeriod.init), reason: reason, counts: MeterCounts(counts))
    }
}
