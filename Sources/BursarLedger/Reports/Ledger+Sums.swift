// Adding a month up in five ways, and correcting a closed one.
package import BursarCore
internal import Postgres

/// The five sums of a month, each without its corrections, so that they compare.
package struct PeriodSums: Sendable {
    package let sums: [ReportSum]
    /// What is booked in the month for closed ones; part of the report's total.
    package let corrections: MeterCounts
    /// What came for the month after it was closed; not part of its report.
    package let late: MeterCounts
}

extension Ledger {
    /// All in one snapshot, so that counts that come meanwhile do not matter.
    package func sums(of period: ReportPeriod) async throws -> PeriodSums {
        try await pool.transaction { connection in
            try await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            let head = try await self.head(of: period, on: connection)
            let reader = try await self.reader(head, .all, on: connection)
            let summing = Summing(connection: connection, head: head, lines: reader.lines(of: period))
            let corrections = try await summing.sum("\(summing.lines) AND correction_of IS NOT NULL")
            let late = try await summing.sum(
                "FROM bursar.usage_correction WHERE corrects = \(period.description) AND kind = 'late'")
            let total = try await summing.sum(summing.lines)
            let tenants = try await summing.groups("tenant_id", of: reader.sums(of: period))
            let days = try await summing.groups("day", of: summing.lines)
            var sums = [
                ReportSum(name: "total", counts: total - corrections),
                ReportSum(name: "tenants", counts: tenants - corrections),
                ReportSum(name: "days", counts: days - corrections),
            ]
            sums.append(try await summing.minutes(late: late))
            let batches = try await summing.sum(
                "FROM bursar.usage_batch WHERE quarter >= \(head.startsAt) AND quarter < \(head.endsAt)")
            sums.append(ReportSum(name: "batches", counts: batches - late))
            return PeriodSums(sums: sums, corrections: corrections, late: late)
        }
    }

    /// Beyond what anybody could have counted, and far below where sums overflow.
    private static var largestCorrection: UInt64 { 1_000_000_000_000 }

    /// Books a correction of a closed month today, and answers the month that it stands in.
    package func adjust(
        _ period: ReportPeriod, _ key: UsageKey, by amount: Int64, reason: String, actor: Actor
    ) async throws -> ReportPeriod {
        guard amount != 0 else { throw LedgerError.refused("a correction by 0 corrects nothing") }
        guard amount.magnitude <= Self.largestCorrection else {
            throw LedgerError.refused("a correction is by at most \(Self.largestCorrection)")
        }
        guard (1...500).contains(reason.count), !reason.unicodeScalars.contains(where: { $0.value < 32 })
        else {
            throw LedgerError.refused("give a reason of 1 to 500 characters, on one line")
        }
        guard let tenant = key.tenant else { throw LedgerError.refused("name the tenant") }
        return try await pool.transaction { connection in
            try await connection.execute("SELECT \(Self.periodLock(isShared: false))", timeout: Self.longTime)
            try await self.checkAdjustable(period, tenant, key.meter, by: amount, on: connection)
            let rows = try await connection.query(
                """
                INSERT INTO bursar.usage_correction
                    (tenant_id, day, corrects, kind, reason, client_id, provider, environment, made_by,
                     \(unescaped: key.meter.rawValue))
                VALUES (\(tenant), (now() AT TIME ZONE bursar.report_zone())::date, \(period.description),
                    'stated', \(reason), \(key.client?.text ?? ""), \(key.provider?.text ?? ""),
                    \(key.environment?.rawValue ?? ""), \(actor.name), \(amount))
                RETURNING to_char(day, 'YYYY-MM') AS booked
                """)
            try await AuditEntry(
                tenant: tenant, action: .periodAdjusted, subject: period.description,
                detail: ["meter": key.meter.rawValue, "by": String(amount), "reason": reason]
            ).insert(id: Self.newID(), actor: actor.name, on: connection)
            return ReportPeriod(try rows[0].decode("booked", as: String.self)) ?? period
        }
    }

    private func checkAdjustable(
        _ period: ReportPeriod, _ tenant: TenantID, _ meter: Meter, by amount: Int64,
        on connection: PostgresConnection
    ) async throws {
        let column = meter.rawValue
        let rows = try await connection.query(
            """
            SELECT EXISTS (SELECT FROM bursar.period WHERE period = \(period.description)) AS closed,
                EXISTS (SELECT FROM bursar.tenant_name WHERE tenant_id = \(tenant)) AS known,
                (coalesce((SELECT sum(\(unescaped: column)) FROM bursar.usage_snapshot
                    WHERE period = \(period.description) AND tenant_id = \(tenant)
                        AND correction_of IS NULL), 0)
                + coalesce((SELECT sum(\(unescaped: column)) FROM bursar.usage_correction
                    WHERE corrects = \(period.description) AND tenant_id = \(tenant)), 0))::bigint AS stands
            """)
        let (isClosed, isKnown, stands) = try rows[0].decode(Bool.self, Bool.self, Int64.self)
        guard isClosed else {
            throw LedgerError.refused(
                "\(period) is not closed: only a closed month is corrected; "
                    + "what an open one counts is as it is"
            )
        }
        guard isKnown else { throw LedgerError.notFound("there is no tenant \(tenant) and never was") }
        guard stands + amount >= 0 else {
            throw LedgerError.refused(
                "\(column) of \(tenant) stands at \(stands) for \(period), corrections included: "
                    + "a correction by \(amount) would make it negative")
        }
    }
}

/// The queries behind the sums.
private struct Summing {
    let connection: PostgresConnection
    let head: PeriodHead
    /// The month's rows.
    let lines: PostgresQuery

    func sum(_ source: PostgresQuery) async throws -> MeterCounts {
        try await connection.query(
            "SELECT \(unescaped: ReportReader.sums) AS counts \(source)", timeout: Ledger.longTime
        )[0].counts()
    }

    /// The sum of the groups' sums: what somebody gets who adds up the rows of a grouped report.
    func groups(_ key: String, of rows: PostgresQuery) async throws -> MeterCounts {
        let grouped = Meter.allCases.map { "sum(\($0.rawValue))::bigint AS \($0.rawValue)" }
        return try await sum(
            """
            FROM (SELECT \(unescaped: key), \(unescaped: grouped.joined(separator: ", "))
                \(rows) GROUP BY \(unescaped: key)) AS groups
            """)
    }

    func minutes(late: MeterCounts) async throws -> ReportSum {
        let counts = try await sum(
            "FROM bursar.usage_minute WHERE minute >= \(head.startsAt) AND minute < \(head.endsAt)")
        let kept = try await connection.query(
            """
            SELECT \(head.startsAt) >= (date_trunc('month', now(), 'UTC') - interval '14 months')
                OR to_regclass('bursar.usage_minute_'
                    || to_char(\(head.startsAt) AT TIME ZONE 'UTC', 'YYYY_MM')) IS NOT NULL AS kept
            """)[0].decode("kept", as: Bool.self)
        guard kept else {
            return ReportSum(
                name: "minutes", counts: MeterCounts(),
                unavailable: "minutes of \(head.period) are not kept any more; its days and snapshot stand")
        }
        return ReportSum(name: "minutes", counts: counts - late)
    }
}
