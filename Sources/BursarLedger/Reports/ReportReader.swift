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

    /// The days of a period, and what the filter lets through of rows that may be of any tenant's.
    func condition(_ period: ReportPeriod) -> PostgresQuery {
        """
        day >= \(period.firstDay)::date AND day < \(period.next.firstDay)::date
            AND (\(filter.day)::date IS NULL OR day = \(filter.day)::date)
            AND (\(filter.provider?.text)::text IS NULL OR provider = \(filter.provider?.text))
            AND (\(filter.environment?.rawValue)::text IS NULL
                OR environment = \(filter.environment?.rawValue))
        """
    }

    var tenantCondition: PostgresQuery {
        "(\(filter.tenant)::uuid IS NULL OR tenant_id = \(filter.tenant))"
    }

    func lines(of period: ReportPeriod) -> PostgresQuery {
        """
        FROM bursar.report_row WHERE \(condition(period)) AND \(tenantCondition)
            AND (\(filter.client?.text)::text IS NULL OR client_id = \(filter.client?.text))
        """
    }

    // MARK: Totals

    func totals() async throws -> MeterCounts {
        let rows = try await connection.query(
            "SELECT \(unescaped: Self.sums) AS counts \(lines(of: head.period))")
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
        let lines = lines(of: head.period)
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
