// Adding a month up in five ways, and correcting a closed one.
package import BursarCore
internal import Postgres

/// The five sums of a month, each without its corrections, so that they compare.
package struct PeriodSums: Sendable {
    package let sums: [ReportSum]
    /// Of all the report's rows, corrections included.
    package let total: MeterCounts
    /// What is booked in the month for closed ones; part of the report's total.
    package let corrections: MeterCounts

    /// Where sums differ, in words; empty when they agree. Every meter is compared.
    package var differences: [String] {
        guard let total = sums.first else { return [] }
        return sums.dropFirst().filter { $0.unavailable == nil }.flatMap { sum in
            let meters = Meter.allCases.filter { sum.counts[$0] != total.counts[$0] }.map { meter in
                "\(meter.rawValue): \(sum.name) add up to \(sum.counts[meter]), the \(total.name) is "
                    + "\(total.counts[meter]), a difference of \(sum.counts[meter] - total.counts[meter])"
            }
            let isMoved = meters.isEmpty && sum.spread != nil && sum.spread != total.spread
            return isMoved
                ? ["\(sum.name) have the same sum as the \(total.name), but for other tenants"] : meters
        }
    }
}

extension Ledger {
    /// All in one snapshot, so that counts that come meanwhile do not matter.
    package func sums(of period: ReportPeriod) async throws -> PeriodSums {
        try await pool.transaction { connection in
            try await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return try await self.sums(of: try await self.head(of: period, on: connection), on: connection)
        }
    }

    func sums(of head: PeriodHead, on connection: PostgresConnection) async throws -> PeriodSums {
        let period = head.period
        let reader = ReportReader(connection: connection, head: head, filter: .all)
        let summing = Summing(connection: connection, head: head)
        let corrections = try await summing.sum(
            """
            FROM bursar.usage_correction
            WHERE day >= \(period.firstDay)::date AND day < \(period.next.firstDay)::date
            """)
        let late = try await summing.sum(
            "FROM bursar.usage_correction WHERE corrects = \(period.description) AND kind = 'late'")
        let total = try await summing.sum(reader.lines)
        let tenants = try await summing.groups("tenant_id", of: reader.sums(of: period))
        let days = try await summing.groups("day", of: reader.days(of: period))
        let minutes = try await summing.minutes() - late
        let batches = try await summing.counts(
            "FROM bursar.usage_batch WHERE quarter >= \(head.startsAt) AND quarter < \(head.endsAt)")
        return PeriodSums(
            sums: [
                (total - corrections).named("total"), (tenants - corrections).named("tenants"),
                (days - corrections).named("days"),
                try await summing.hasMinutes()
                    ? minutes.named("minutes")
                    : ReportSum(
                        name: "minutes", counts: MeterCounts(),
                        unavailable: "minutes of \(period) are not kept any more; its days and snapshot stand"
                    ),
                ReportSum(name: "batches", counts: batches - late.counts),
            ], total: total.counts, corrections: corrections.counts)
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
            try await self.keepCountsOut(on: connection)
            try await self.checkAdjustable(period, tenant, key, by: amount, on: connection)
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
            let entry = AuditEntry(
                tenant: tenant, action: .periodAdjusted, subject: period.description,
                detail: ["meter": key.meter.rawValue, "by": String(amount), "reason": reason])
            try await self.record([entry], by: actor, on: connection)
            return ReportPeriod(try rows[0].decode("booked", as: String.self)) ?? period
        }
    }

    private func checkAdjustable(
        _ period: ReportPeriod, _ tenant: TenantID, _ key: UsageKey, by amount: Int64,
        on connection: PostgresConnection
    ) async throws {
        let column = key.meter.rawValue
        let ofKey: PostgresQuery = """
            tenant_id = \(tenant)
                AND (\(key.client?.text)::text IS NULL OR client_id = \(key.client?.text))
                AND (\(key.provider?.text)::text IS NULL OR provider = \(key.provider?.text))
                AND (\(key.environment?.rawValue)::text IS NULL
                    OR environment = \(key.environment?.rawValue))
            """
        let rows = try await connection.query(
            """
            SELECT EXISTS (SELECT FROM bursar.period WHERE period = \(period.description)) AS closed,
                EXISTS (SELECT FROM bursar.tenant_name WHERE tenant_id = \(tenant)) AS known,
                (coalesce((SELECT sum(\(unescaped: column)) FROM bursar.usage_snapshot
                    WHERE period = \(period.description) AND \(ofKey) AND correction_of IS NULL), 0)
                + coalesce((SELECT sum(\(unescaped: column)) FROM bursar.usage_correction
                    WHERE corrects = \(period.description) AND \(ofKey)), 0))::bigint AS stands
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
                "\(column) of what was named stands at \(stands) for \(period), corrections included: "
                    + "a correction by \(amount) would make it negative")
        }
    }
}

/// Counts, and how they are spread over tenants: every tenant's counts by a weight of its own, added up. It
/// adds and subtracts as they do, so what was moved from one tenant to another shows though no sum differs.
private struct Summed {
    let counts: MeterCounts
    let spread: Int64

    static func - (left: Summed, right: Summed) -> Summed {
        Summed(counts: left.counts - right.counts, spread: left.spread &- right.spread)
    }

    func named(_ name: String) -> ReportSum { ReportSum(name: name, counts: counts, spread: spread) }
}

/// The queries behind the sums.
private struct Summing {
    let connection: PostgresConnection
    let head: PeriodHead

    private static let spread =
        "coalesce(sum((uuid_hash(tenant_id) & 1048575)::bigint * ("
        + Meter.allCases.map(\.rawValue).joined(separator: " + ") + ")), 0)::bigint"

    func sum(_ source: PostgresQuery) async throws -> Summed {
        try await summed(
            "SELECT \(unescaped: ReportReader.sums) AS counts, \(unescaped: Self.spread) AS spread \(source)")
    }

    func counts(_ source: PostgresQuery) async throws -> MeterCounts {
        try await connection.query(
            "SELECT \(unescaped: ReportReader.sums) AS counts \(source)", timeout: Ledger.longTime
        )[0].counts()
    }

    private func summed(_ query: PostgresQuery) async throws -> Summed {
        let row = try await connection.query(query, timeout: Ledger.longTime)[0]
        return Summed(counts: try row.counts(), spread: try row.decode("spread", as: Int64.self))
    }

    /// The sum of the groups' sums: what somebody gets who adds up the rows of a grouped report.
    func groups(_ key: String, of rows: PostgresQuery) async throws -> Summed {
        let grouped = Meter.allCases.map { "sum(\($0.rawValue))::bigint AS \($0.rawValue)" }
        return try await summed(
            """
            SELECT \(unescaped: ReportReader.sums) AS counts, coalesce(sum(spread), 0)::bigint AS spread
            FROM (SELECT \(unescaped: key), \(unescaped: Self.spread) AS spread,
                    \(unescaped: grouped.joined(separator: ", "))
                \(rows) GROUP BY \(unescaped: key)) AS groups
            """)
    }

    func minutes() async throws -> Summed {
        try await sum(
            "FROM bursar.usage_minute WHERE minute >= \(head.startsAt) AND minute < \(head.endsAt)")
    }

    func hasMinutes() async throws -> Bool {
        try await connection.query(
            """
            SELECT \(head.startsAt) >= (date_trunc('month', now(), 'UTC') - interval '14 months')
                OR to_regclass('bursar.usage_minute_'
                    || to_char(\(head.startsAt) AT TIME ZONE 'UTC', 'YYYY_MM')) IS NOT NULL AS kept
            """)[0].decode("kept", as: Bool.self)
    }
}
