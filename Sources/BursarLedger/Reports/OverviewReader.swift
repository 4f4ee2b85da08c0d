// The figures of a month's page, each table of usage read once.
internal import BursarCore
internal import Postgres

extension ReportReader {
    /// Tenants, clients and providers that the page names; the others are one row.
    private static let named = 15

    func overview() async throws -> UsageOverview {
        let service = try await service()
        let usage = try await usage()
        let tenantService = try await self.service(ofTenants: usage.tenants.compactMap(\.tenant))
        let tenants = usage.tenants.map { row in
            row.figures(
                row.tenant == Ledger.nobody ? UsageRow.unattributed : row.name ?? "",
                ReportFilter(tenant: row.knownTenant),
                row.tenant.flatMap { tenantService[$0] } ?? ServiceFigures())
        }
        let providers = usage.providers.map { row in
            let key = ServiceKey(provider: row.provider ?? "", environment: row.environment ?? "")
            return row.figures(
                key.provider.isEmpty ? UsageRow.unattributed : key.description,
                ReportFilter(
                    provider: ProviderID(key.provider),
                    environment: ProviderEnvironment(rawValue: key.environment)),
                service.providers[key] ?? ServiceFigures())
        }
        let clients = usage.clients.map { row in
            let name = row.tenant == Ledger.nobody ? UsageRow.unattributed : row.name ?? ""
            let client = row.client.flatMap(ClientID.init)
            return row.figures(
                "\(name) · \(client?.text ?? "no client")",
                client == nil ? .all : ReportFilter(tenant: row.knownTenant, client: client), ServiceFigures()
            )
        }
        return UsageOverview(
            head: head, filter: filter,
            totals: usage.tenants.reduce(into: MeterCounts()) { $0 += $1.counts }, service: service.all,
            previous: usage.previous, days: try await days(service.days), tenants: tenants,
            tenantCount: usage.tenants.reduce(0) { $0 + $1.tenantCount }, providers: providers,
            clients: clients, failures: try await failures(), corrections: try await corrections())
    }

    // MARK: Usage

    /// A row of the tables by tenant, client or provider; the last of a table may stand for many.
    private struct Ranked {
        let tenant: UUIDValue?
        let name: String?
        let client: String?
        let provider: String?
        let environment: String?
        /// Rows of the table that it stands for, and how many of them are tenants'.
        let members: Int64
        let tenantCount: Int64
        let isRest: Bool
        let counts: MeterCounts

        var knownTenant: TenantID? { tenant.flatMap { $0 == Ledger.nobody ? nil : TenantID($0) } }

        func figures(_ name: String, _ filter: ReportFilter, _ service: ServiceFigures) -> NamedFigures {
            isRest
                ? NamedFigures(
                    name: "all others (\(members))", filter: .all, counts: counts, service: ServiceFigures())
                : NamedFigures(name: name, filter: filter, counts: counts, service: service)
        }
    }

    private struct Usage {
        var tenants: [Ranked] = []
        var clients: [Ranked] = []
        var providers: [Ranked] = []
        var previous: UsageOverview.Previous?
    }

    private func usage() async throws -> Usage {
        var usage = Usage()
        var before = MeterCounts()
        var movers: [UsageOverview.Mover] = []
        for row in try await connection.query(usageQuery) {
            let (kind, tenant, name, client, provider, environment, members, tenants, isRest, counts) =
                try row.decode(
                    String.self, UUIDValue?.self, String?.self, String?.self, String?.self, String?.self,
                    Int64.self, Int64.self, Bool.self, [Int64].self)
            let ranked = Ranked(
                tenant: tenant, name: name, client: client, provider: provider, environment: environment,
                members: members, tenantCount: tenants, isRest: isRest,
                counts: kind == "mover" ? MeterCounts() : MeterCounts(counts))
            switch kind {
            case "tenant": usage.tenants.append(ranked)
            case "client": usage.clients.append(ranked)
            case "provider": usage.providers.append(ranked)
            case "before": before = ranked.counts
            default:
                movers.append(
                    UsageOverview.Mover(
                        name: name ?? UsageRow.unattributed, before: counts[0], now: counts[1]))
            }
        }
        // A day has no month before it.
        if filter.day == nil, !before.isZero {
            usage.previous = UsageOverview.Previous(
                period: head.period.previous, totals: before, movers: movers)
        }
        return usage
    }

    /// Both months are read once each; everything else is made of their sums by tenant, client and provider.
    private var usageQuery: PostgresQuery {
        let summed = Meter.allCases.map { "sum(\($0.rawValue))::bigint AS \($0.rawValue)" }
            .joined(separator: ", ")
        let ranked = "\(summed), row_number() OVER (ORDER BY \(Self.answers) DESC"
        return """
            WITH month AS MATERIALIZED (
                SELECT tenant_id, client_id, provider, environment, \(unescaped: summed)
                \(sums(of: head.period)) GROUP BY 1, 2, 3, 4
            ), before AS MATERIALIZED (
                SELECT tenant_id, \(unescaped: summed) \(sums(of: head.period.previous)) GROUP BY 1
            ), ranked AS (
                SELECT 'tenant' AS kind, tenant_id, NULL AS client_id, NULL AS provider, NULL AS environment,
                    \(unescaped: ranked), tenant_id) AS place
                FROM month GROUP BY tenant_id
                UNION ALL
                SELECT 'client', tenant_id, client_id, NULL, NULL, \(unescaped: ranked), tenant_id, client_id)
                FROM month GROUP BY tenant_id, client_id
                UNION ALL
                SELECT 'provider', NULL, NULL, provider, environment, \(unescaped: ranked), provider,
                    environment)
                FROM month GROUP BY provider, environment
            ), kept AS (
                SELECT *, place > \(Self.named) AS is_rest FROM ranked
            ), movers AS (
                SELECT tenant_id, coalesce(\(unescaped: Self.answered("before")), 0) AS former,
                    coalesce(\(unescaped: Self.answered("now")), 0) AS current
                FROM before FULL JOIN (SELECT * FROM kept WHERE kind = 'tenant') AS now USING (tenant_id)
            ), shown AS (
                SELECT kind, CASE WHEN NOT is_rest THEN tenant_id END AS tenant_id,
                    CASE WHEN NOT is_rest THEN client_id END AS client_id,
                    CASE WHEN NOT is_rest THEN provider END AS provider,
                    CASE WHEN NOT is_rest THEN environment END AS environment, count(*) AS members,
                    count(*) FILTER (WHERE tenant_id <> \(Ledger.nobody)) AS tenants, is_rest,
                    \(unescaped: Self.sums) AS counts, min(place) AS place
                FROM kept GROUP BY kind, is_rest, 2, 3, 4, 5
                UNION ALL
                SELECT 'before', NULL, NULL, NULL, NULL, count(*), count(*), false, \(unescaped: Self.sums), 0
                FROM before
                UNION ALL (
                    SELECT 'mover', tenant_id, NULL, NULL, NULL, 1, 1, false, ARRAY[former, current],
                        row_number() OVER (ORDER BY abs(current - former) DESC, tenant_id)
                    FROM movers WHERE former <> current ORDER BY 10 LIMIT 8)
            )
            SELECT kind, tenant_id, (SELECT name FROM bursar.tenant_name
                    WHERE tenant_name.tenant_id = shown.tenant_id AND since < \(head.endsAt)
                    ORDER BY since DESC LIMIT 1) AS name,
                client_id, provider, environment, members, tenants, is_rest, counts
            FROM shown ORDER BY kind, place
            """
    }

    private static func answered(_ table: String) -> String {
        "(" + Meter.answers.map { "\(table).\($0.rawValue)" }.joined(separator: " + ") + ")"
    }

    private func days(_ service: [String: ServiceFigures]) async throws -> [NamedFigures] {
        try await connection.query(
            """
            SELECT begun.day::date::text AS day, coalesce(counts, '{}') AS counts
            FROM generate_series(
                \(head.period.firstDay)::date,
                least(\(head.period.next.firstDay)::date - 1, (now() AT TIME ZONE \(head.zone))::date),
                interval '1 day') AS begun (day)
            LEFT JOIN (SELECT report_row.day, \(unescaped: Self.sums) AS counts
                \(days(of: head.period)) GROUP BY report_row.day) AS used ON used.day = begun.day::date
            WHERE \(filter.day)::date IS NULL OR begun.day = \(filter.day)::date
            ORDER BY begun.day
            """
        ).map { row in
            let (day, counts) = try row.decode(String.self, [Int64].self)
            return NamedFigures(
                name: day, filter: ReportFilter(day: day), counts: MeterCounts(counts),
                service: service[day] ?? ServiceFigures())
        }
    }

    private func corrections() async throws -> [UsageRow] {
        try await connection.query(
            """
            SELECT \(unescaped: Self.line) \(lines) AND correction_of IS NOT NULL
            ORDER BY \(unescaped: Self.order) LIMIT 200
            """
        ).map { try UsageRow(report: $0) }
    }
}
