// Months: when they begin, whose names they bear, how they are read.
import BursarCore
import BursarLedger
import BursarTestSupport
import Postgres
import Testing

@Suite(.serialized) struct PeriodTests {
    static let actor = Actor("test")
    static let september = ReportPeriod("2026-09")!
    static let november = ReportPeriod("2026-11")!

    func withDelivery(_ body: @Sendable (TemporaryDatabase, Ledger, Delivery) async throws -> Void)
        async throws
    {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                try await database.withConnection { connection in
                    _ = try await connection.execute(
                        """
                        INSERT INTO bursar.tenant
                            (tenant_id, name, limit_count, limit_period_seconds, limit_burst)
                        VALUES (\(Delivery.tenant.description)::uuid, 'Then', 1, 1, 1)
                        """)
                }
                try await body(database, ledger, Delivery(ledger))
            }
        }
    }

    func rows(
        _ ledger: Ledger, _ period: ReportPeriod, by grouping: ReportGrouping? = nil
    ) async throws -> [UsageRow] {
        let gathered = Locked<[UsageRow]>([])
        try await ledger.reading(period, .all) { reader async throws in
            try await reader.rows(by: grouping) { rows in gathered.change { $0 += rows } }
        }
        return gathered.value
    }

    func close(_ ledger: Ledger, _ period: ReportPeriod) async throws -> PeriodHead {
        try await ledger.close(period, by: Self.actor, digest: TestDigest()) { _ in }
    }

    func manifestDifferences(_ ledger: Ledger, _ period: ReportPeriod) async throws -> [String] {
        try await ledger.manifestDifferences(of: period, from: try await ledger.sums(of: period).total)
    }

    func expectAgreement(
        _ ledger: Ledger, _ period: ReportPeriod, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await ledger.sums(of: period)
        #expect(found.differences == [], "\(period)", sourceLocation: sourceLocation)
        let sums = found.sums
        #expect(sums.map(\.name) == ["total", "tenants", "days", "minutes", "batches"])
        for sum in sums where sum.unavailable == nil {
            #expect(sum.counts == sums[0].counts, "\(period): \(sum.name)", sourceLocation: sourceLocation)
        }
    }

    // MARK: Zones

    @Test(arguments: [
        "UTC", "Europe/Berlin", "America/New_York", "America/Havana", "Africa/Cairo", "Asia/Beirut",
        "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns",
    ])
    func monthsAreHalfOpenAndDaysAddUpAcrossBothClockChanges(_ zone: String) async throws {
        try await withDelivery { database, ledger, start async throws in
            var delivery = start
            #expect(try await ledger.adoptReportZone(zone) == zone)
            // A count each half hour from the end of 2025 on.
            let first = try Delivery.minute("2025-12-30T00:00:00Z")
            let last = try Delivery.minute("2026-11-02T12:00:00Z")
            let minutes = stride(from: first, to: last, by: 30)
            for start in stride(from: first, to: last, by: 30 * 3_000) {
                let some = minutes.filter { $0 >= start && $0 < start + 30 * 3_000 }
                try await delivery.send(
                    some.map { UsageCount(key: Delivery.key(.answeredMemory), minute: $0, count: 1) })
            }
            var total: Int64 = 0
            for month in 1...11 {
                let period = ReportPeriod(year: 2_026, month: month)!
                try await expectAgreement(ledger, period)
                let head = try await ledger.head(of: period)
                let inside = minutes.filter {
                    $0 * 60_000_000 >= head.startsAt.microseconds
                        && $0 * 60_000_000 < head.endsAt.microseconds
                }
                let counted = try await ledger.totals(period, .all).answers
                #expect(counted == Int64(inside.count), "\(period)")
                total += counted
            }
            let december = try await ledger.totals(ReportPeriod("2025-12")!, .all).answers
            #expect(total + december == Int64(minutes.underestimatedCount))
        }
    }

    @Test func theZoneIsFixedOnceAMonthIsClosed() async throws {
        try await withDelivery { _, ledger, start async throws in
            var delivery = start
            try await delivery.send(1, at: "2026-09-30T22:30:00Z")
            #expect(try await ledger.adoptReportZone("Europe/Berlin") == "Europe/Berlin")
            #expect(try await ledger.totals(Self.september, .all).isZero, "it is October there")
            #expect(try await ledger.adoptReportZone("UTC") == "UTC")
            _ = try await close(ledger, Self.september)
            #expect(try await ledger.adoptReportZone(nil) == "UTC")
            await #expect(throws: LedgerError.self) { () async throws in
                _ = try await ledger.adoptReportZone("Europe/Berlin")
            }
            await #expect(throws: LedgerError.self) { () async throws in
                _ = try await ledger.adoptReportZone("Mars/Olympus")
            }
        }
    }

    // MARK: Names

    @Test func tenantsBearTheNameOfThenAlsoWhenTheyAreGone() async throws {
        try await withDelivery { database, ledger, start async throws in
            var delivery = start
            try await delivery.send(1, at: "2026-09-10T00:00:00Z")
            try await ledger.renameTenant(Delivery.tenant, to: "Now", by: Self.actor)
            let month = try await database.withConnection { connection in
                try await connection.query("SELECT to_char(now(), 'YYYY-MM') AS month")[0].decode(
                    "month", as: String.self)
            }
            try await delivery.send(1, at: "2099-01-01T00:00:00Z")  // booked at this minute
            #expect(try await rows(ledger, Self.september, by: .tenant).map(\.tenantName) == ["Then"])
            #expect(try await rows(ledger, ReportPeriod(month)!, by: .tenant).map(\.tenantName) == ["Now"])
            try await ledger.deleteTenant(Delivery.tenant, by: Self.actor)
            #expect(try await rows(ledger, Self.september).map(\.tenantName) == ["Then"])
            #expect(try await rows(ledger, ReportPeriod(month)!).map(\.tenantName) == ["Now"])
        }
    }

    // MARK: Reading

    @Test func thePageNamesTheLargestAndAddsUpTheOthers() async throws {
        try await withDelivery { _, ledger, start async throws in
            var delivery = start
            func tenant(_ number: Int) -> TenantID { TenantID(UUIDValue(high: 5, low: UInt64(number))) }
            for number in 1...20 {
                try await delivery.send(Int64(number), at: "2026-09-10T10:00:00Z", tenant: tenant(number))
                try await delivery.send(10, at: "2026-08-10T10:00:00Z", tenant: tenant(number))
            }
            try await delivery.send(2, .refused, at: "2026-09-11T10:00:00Z", tenant: nil)
            try await delivery.send(
                [],
                events: [
                    delivery.event(at: "2026-09-11T10:00:00Z"),
                    delivery.event(at: "2026-09-11T11:00:00Z", failure: .timedOut),
                ])
            let page = try await ledger.overview(Self.september, .all)
            #expect(page.totals.answers == 210 && page.totals.refused == 2 && page.tenantCount == 20)
            #expect(page.tenants.count == 16 && page.tenants[0].filter.tenant == tenant(20))
            #expect(page.tenants[15].name == "all others (6)", "five tenants and what is unattributed")
            #expect(page.tenants[15].counts.answers == 15 && page.tenants[15].counts.refused == 2)
            #expect(page.clients.reduce(0) { $0 + $1.counts.answers } == 210)
            #expect(page.providers.map(\.name) == ["zertiban/sandbox"])
            #expect(page.providers[0].service.failed == 1 && page.service.succeeded == 1)
            #expect(page.days.filter { !$0.counts.isZero }.map(\.name) == ["2026-09-10", "2026-09-11"])
            #expect(page.days[10].service.succeeded + page.days[10].service.failed == 2)
            #expect(page.failures.map(\.reason) == ["timed_out"])
            let previous = try #require(page.previous)
            #expect(previous.totals.answers == 200)
            #expect(previous.movers.map { $0.now - $0.before } == [10, -9, 9, -8, 8, -7, 7, -6])
            let one = try await ledger.overview(Self.september, ReportFilter(tenant: Delivery.tenant))
            #expect(one.service == page.service && one.totals.isZero, "its requests, and no answers")
            let day = try await ledger.overview(Self.september, ReportFilter(day: "2026-09-11"))
            #expect(day.days.count == 1 && day.previous == nil && day.tenants[0].name == "unattributed")
        }
    }

    @Test func filtersAndGroupingsAddUpToTheTotal() async throws {
        try await withDelivery { _, ledger, start async throws in
            var delivery = start
            for day in 1...9 {
                try await delivery.send(Int64(day), at: "2026-09-0\(day)T10:00:00Z")
                try await delivery.send(1, .failedProvider, at: "2026-09-0\(day)T11:00:00Z", tenant: nil)
            }
            for grouping in [nil] + ReportGrouping.allCases {
                let sum = try await rows(ledger, Self.september, by: grouping).reduce(MeterCounts()) {
                    $0 + $1.counts
                }
                #expect(sum.answers == 45 && sum.failed == 9, "\(grouping.map(\.rawValue) ?? "rows")")
            }
            let one = ReportFilter(tenant: Delivery.tenant, day: "2026-09-04")
            #expect(try await ledger.totals(Self.september, one).answers == 4)
            let overview = try await ledger.overview(Self.september, .all)
            #expect(overview.days.count == 30 && overview.totals.answers == 45 && overview.tenantCount == 1)
            await #expect(throws: ReportError.self) { () async throws in
                _ = try await ledger.totals(
                    Self.september, ReportFilter(tenant: TenantID(UUIDValue(high: 1, low: 1))))
            }
            await #expect(throws: ReportError.self) { () async throws in
                _ = try await ledger.totals(Self.september, ReportFilter(day: "2026-10-01"))
            }
        }
    }
}
