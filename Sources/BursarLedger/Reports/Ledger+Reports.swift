// Reports, each from one snapshot of the database.
package import BursarCore
internal import Postgres

extension Ledger: ReportSource {
    package func head(of period: ReportPeriod) async throws -> PeriodHead {
        try await pool.withConnection { try await self.head(of: period, on: $0) }
    }

    /// In a transaction that changes nothing.
    package func reading<Result: Sendable>(
        _ period: ReportPeriod, _ filter: ReportFilter, _ body: (any PeriodReader) async throws -> Result
    ) async throws -> Result {
        try await pool.transaction { connection in
            try await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            // Whoever reads may take their time between the parts. Nobody waits for what is locked here.
            try await connection.execute("SET LOCAL idle_in_transaction_session_timeout = '1h'")
            // So that sums by tenant are made in memory.
            try await connection.execute("SET LOCAL work_mem = '64MB'")
            let head = try await self.head(of: period, on: connection)
            try await self.check(filter, head, on: connection)
            var filter = filter
            if filter.tenant == nil, let client = filter.client {
                filter.tenant = try await self.tenant(of: client, head, on: connection)
            }
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

    /// Whose a client was in the month, if one tenant's alone: requests to providers are known by tenant.
    private func tenant(
        of client: ClientID, _ head: PeriodHead, on connection: PostgresConnection
    ) async throws -> TenantID? {
        let rows = try await connection.query(
            """
            SELECT DISTINCT tenant_id FROM bursar.usage_month
            WHERE client_id = \(client.text) AND month = \(head.period.firstDay)::date LIMIT 2
            """)
        return rows.count == 1 ? try rows[0].decode("tenant_id", as: TenantID.self) : nil
    }

    private func isDay(_ text: String) -> Bool {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard text.utf8.count == 10, text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || digits.contains($0) }),
            let day = Int(text.suffix(2)),
            let month = Int(text.dropFirst(5).prefix(2)),
            let year = Int(text.prefix(4))
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...12).contains(month) && (1...days[month - 1]).contains(day)
    }
}

extension ReportReader {
    func events(_ each: @Sendable ([RefreshEvent]) async throws -> Void) async throws {
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
                AND (\(filter.outcome?.rawValue)::text IS NULL OR outcome = \(filter.outcome?.rawValue))
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
