// Reports, each from one snapshot of the database.
package import BursarCore
internal import Postgres

extension Ledger: ReportSource {
    package func head(of period: ReportPeriod) async throws -> PeriodHead {
        try await pool.withConnection { try await self.head(of: period, on: $0) }
    }

    package func totals(of period: ReportPeriod, filter: ReportFilter) async throws -> MeterCounts {
        try await reading(period, filter) { try await $0.totals() }
    }

    package func rows(
        of period: ReportPeriod, by grouping: ReportGrouping?, filter: ReportFilter,
        _ each: @Sendable ([UsageRow]) async throws -> Void
    ) async throws {
        try await reading(period, filter) { try await $0.rows(by: grouping, each) }
    }

    package func overview(of period: ReportPeriod, filter: ReportFilter) async throws -> UsageOverview {
        try await reading(period, filter) { try await $0.overview() }
    }

    package func events(
        of period: ReportPeriod, filter: ReportFilter,
        _ each: @Sendable ([RefreshEvent]) async throws -> Void
    ) async throws {
        try await reading(period, filter) { try await $0.events(each) }
    }

    /// Runs `body` in a transaction that sees one moment and changes nothing.
    private func reading<R: Sendable>(
        _ period: ReportPeriod, _ filter: ReportFilter, _ body: (ReportReader) async throws -> R
    ) async throws -> R {
        try await pool.transaction { connection in
            try await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            let head = try await self.head(of: period, on: connection)
            try await self.check(filter, head, on: connection)
            return try await body(ReportReader(connection: connection, head: head, filter: filter))
        }
    }

    func head(of period: ReportPeriod, on connection: PostgresConnection) async throws -> PeriodHead {
        let rows = try await connection.query(
            """
            SELECT coalesce(period.zone, report_zone.zone) AS zone,
                coalesce(starts_at, bursar.day_start(\(period.firstDay)::date, report_zone.zone))
                    AS starts_at,
                coalesce(ends_at, bursar.day_start(\(period.next.firstDay)::date, report_zone.zone))
                    AS ends_at,
                now() AS now, closed_at, closed_by, csv_sha256, manifest_sha256
            FROM bursar.report_zone LEFT JOIN bursar.period ON period = \(period.description)
            """)
        let (zone, start, end, now, closedAt, closedBy, csv, manifest) = try rows[0].decode(
            String.self, Instant.self, Instant.self, Instant.self, Instant?.self, String?.self, String?.self,
            String?.self)
        guard start <= now else { throw ReportError.notBegun(period, startsAt: start) }
        var closing: PeriodHead.Closing?
        if let closedAt, let closedBy, let csv, let manifest {
            closing = .init(at: closedAt, by: closedBy, csvDigest: csv, manifestDigest: manifest)
        }
        let status: PeriodStatus = closing != nil ? .closed : now < end ? .open : .grace
        return PeriodHead(
            period: period, zone: zone, status: status, startsAt: start, endsAt: end, closing: closing)
    }

    private func check(
        _ filter: ReportFilter, _ head: PeriodHead, on connection: PostgresConnection
    ) async throws {
        if let day = filter.day {
            guard day.hasPrefix(head.period.description + "-"), isDay(day) else {
                throw ReportError.dayOutside(day, head.period)
            }
        }
        if let tenant = filter.tenant {
            let rows = try await connection.query(
                """
                SELECT EXISTS (SELECT FROM bursar.tenant_name WHERE tenant_id = \(tenant))
                    OR EXISTS (SELECT FROM bursar.usage_day WHERE tenant_id = \(tenant)) AS found
                """)
            guard try rows[0].decode("found", as: Bool.self) else { throw ReportError.tenantUnknown(tenant) }
        }
    }

    private func isDay(_ text: String) -> Bool {
        guard text.utf8.count == 10, let day = Int(text.suffix(2)),
            let month = Int(text.dropFirst(5).prefix(2)),
            let year = Int(text.prefix(4))
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...12).contains(month) && (1...days[month - 1]).contains(day)
    }
}

extension ReportReader {
    /// Tenants and clients that the page names; the others are one row.
    private static let named = 15

    fileprivate func overview() async throws -> UsageOverview {
        let totals = try await totals()
        let service = try await service(by: .all)[""] ?? ServiceFigures()
        let tenants = try await named(by: .tenant, try await self.service(by: .tenant)) {
            (ReportFilter(tenant: $0.tenant), $0.tenantName ?? "", $0.tenant?.description ?? "")
        }
        let providers = try await named(by: .provider, try await self.service(by: .provider)) { row in
            let environment = row.environment.flatMap(ProviderEnvironment.init(rawValue:))
            let name = [row.provider, row.environment].compactMap { $0 }.joined(separator: "/")
            let filter = ReportFilter(
                provider: row.provider.flatMap(ProviderID.init), environment: environment)
            return (filter, name.isEmpty ? UsageRow.unattributed : name, name)
        }
        let clients = try await named(by: .client, [:]) { row in
            let filter = ReportFilter(tenant: row.tenant, client: row.client.flatMap(ClientID.init))
            let name = [row.tenantName, row.client ?? "no client"].compactMap { $0 }.joined(separator: " · ")
            return (filter, name, "")
        }
        return UsageOverview(
            head: head, filter: filter, totals: totals, service: service, previous: try await previous(),
            days: try await days(), tenants: tenants.rows, tenantCount: tenants.count,
            providers: providers.rows, clients: clients.rows, failures: try await failures(),
            corrections: try await corrections())
    }

    /// The largest rows by name, and the others added up.
    private func named(
        by grouping: ReportGrouping, _ service: [String: ServiceFigures],
        _ describe: @escaping @Sendable (UsageRow) -> (ReportFilter, String, String)
    ) async throws -> (rows: [NamedFigures], count: Int64) {
        let gathered = Gathered(limit: Self.named)
        try await rows(by: grouping) { rows in
            for row in rows {
                let (filter, name, key) = describe(row)
                gathered.add(
                    NamedFigures(
                        name: name, filter: filter, counts: row.counts,
                        service: service[key] ?? ServiceFigures()), isTenant: row.tenant != nil)
            }
        }
        return gathered.finished
    }

    private func days() async throws -> [NamedFigures] {
        let service = try await service(by: .day)
        let gathered = Gathered(limit: .max)
        try await rows(by: .day) { rows in
            for row in rows {
                let day = row.day ?? ""
                gathered.add(
                    NamedFigures(
                        name: day, filter: ReportFilter(day: day), counts: row.counts,
                        service: service[day] ?? ServiceFigures()), isTenant: false)
            }
        }
        let known = Dictionary(gathered.finished.rows.map { ($0.name, $0) }) { first, _ in first }
        let begun = try await connection.query(
            """
            SELECT day::date::text AS day FROM generate_series(
                \(head.period.firstDay)::date,
                least(\(head.period.next.firstDay)::date - 1, (now() AT TIME ZONE \(head.zone))::date),
                interval '1 day') AS day
            """
        ).map { try $0.decode("day", as: String.self) }
        return begun.map { day in
            known[day]
                ?? NamedFigures(
                    name: day, filter: ReportFilter(day: day), counts: MeterCounts(),
                    service: service[day] ?? ServiceFigures())
        }
    }

    private func previous() async throws -> UsageOverview.Previous? {
        let before = head.period.previous
        let totals = try await totals(of: before)
        let service = try await service(by: .all, of: before)[""]
        guard !totals.isZero || service != nil else { return nil }
        return UsageOverview.Previous(
            period: before, totals: totals, service: service ?? ServiceFigures(), movers: try await movers())
    }

    fileprivate func events(_ each: @Sendable ([RefreshEvent]) async throws -> Void) async throws {
        _ = try await connection.rows(
            """
            SELECT event_id, at, owner_id, tenant_id, provider, environment, credential_id, cause, step,
                outcome, http_status, latency_us, lifetime_seconds
            FROM bursar.refresh_event
            WHERE at >= \(head.startsAt) AND at < \(head.endsAt)
                AND (\(filter.day)::date IS NULL
                    OR (at AT TIME ZONE \(head.zone))::date = \(filter.day)::date)
                AND (\(filter.tenant)::uuid IS NULL OR tenant_id = \(filter.tenant))
                AND (\(filter.provider?.text)::text IS NULL OR provider = \(filter.provider?.text))
                AND (\(filter.environment?.rawValue)::text IS NULL
                    OR environment = \(filter.environment?.rawValue))
            ORDER BY at, event_id
            """, batch: Self.batch
        ) { rows in try await each(try rows.map { try RefreshEvent(report: $0) }) }
    }
}

extension RefreshEvent {
    fileprivate init(report row: PostgresRow) throws {
        let (
            id, at, owner, tenant, provider, environment, credential, cause, step, outcome, status, latency,
            lifetime
        ) = try row.decode(
            UUIDValue.self, Instant.self, OwnerID.self, TenantID?.self, ProviderID.self,
            ProviderEnvironment.self, CredentialID.self, Cause.self, Step.self, String.self, Int32?.self,
            Int64.self, Int64?.self)
        self.init(
            id: id, at: at, owner: owner, tenant: tenant, provider: provider, environment: environment,
            credential: credential, cause: cause, step: step, failure: FailureReason(rawValue: outcome),
            status: status.map(Int.init), latency: .microseconds(latency),
            lifetime: lifetime.map { .seconds($0) })
    }
}
