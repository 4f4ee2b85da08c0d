// Months: when they begin, how they close, what comes after.
import BursarCore
import BursarLedger
import BursarTestSupport
import Postgres
import Testing

@Suite(.serialized) struct PeriodTests {
    private static let actor = Actor("test")
    private static let september = ReportPeriod("2026-09")!
    private static let november = ReportPeriod("2026-11")!

    private func withDelivery(_ body: @Sendable (TemporaryDatabase, Ledger, Delivery) async throws -> Void)
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

    private func rows(
        _ ledger: Ledger, _ period: ReportPeriod, by grouping: ReportGrouping? = nil
    ) async throws -> [UsageRow] {
        let gathered = Locked<[UsageRow]>([])
        try await ledger.reading(period, .all) { reader async throws in
            try await reader.rows(by: grouping) { rows in gathered.change { $0 += rows } }
        }
        return gathered.value
    }

    private func close(_ ledger: Ledger, _ period: ReportPeriod) async throws -> PeriodHead {
        try await ledger.close(period, by: Self.actor, digest: TestDigest()) { _ in }
    }

    private func manifestDifferences(_ ledger: Ledger, _ period: ReportPeriod) async throws -> [String] {
        try await ledger.manifestDifferences(of: period, from: try await ledger.sums(of: period).total)
    }

    private func expectAgreement(
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

    // MARK: Closing

    @Test func whatComesLateIsACorrectionAndTheClosedMonthStays() async throws {
        try await withDelivery { _, ledger, start async throws in
            var delivery = start
            try await delivery.send(10, at: "2026-09-30T23:59:00Z")
            try await delivery.send(3, .exchanges, at: "2026-09-01T00:00:00Z", tenant: nil)
            let head = try await close(ledger, Self.september)
            #expect(head.status == .closed)
            let manifest = try #require(try await ledger.manifest(of: Self.september))
            #expect(manifest.contains("\"answered_memory\" : 10,"))
            #expect(manifest.contains("\"exchanges\" : 3,"))
            #expect(try await manifestDifferences(ledger, Self.september) == [])
            let before = try await rows(ledger, Self.september)
            #expect(before.count == 2)
            #expect(before.map(\.tenantName) == ["unattributed", "Then"])

            try await delivery.send(5, at: "2026-09-15T12:00:00Z")
            let booked = try await ledger.adjust(
                Self.september, Delivery.key(.answeredMemory), by: -2, reason: "counted twice",
                actor: Self.actor)
            #expect(try await rows(ledger, Self.september) == before)
            #expect(try await ledger.totals(Self.september, .all).answers == 10)
            let corrections = try await rows(ledger, booked).filter { $0.correctionOf == Self.september }
            #expect(corrections.map { $0.counts[.answeredMemory] }.sorted() == [-2, 5])
            #expect(corrections.contains { $0.reason == "counted twice" })
            try await expectAgreement(ledger, Self.september)
            try await expectAgreement(ledger, booked)
            #expect(try await ledger.totals(booked, .all).answers == 3)
        }
    }

    @Test func aMonthWhoseMinutesAreGoneVerifiesFromItsSnapshot() async throws {
        try await withDelivery { database, ledger, start async throws in
            var delivery = start
            let march = ReportPeriod("2025-03")!
            try await database.withConnection { connection in
                _ = try await connection.query("SELECT bursar.ensure_partitions('2025-03-01')")
            }
            try await delivery.send(5, at: "2025-03-01T00:00:00Z")
            try await delivery.send(2, .exchanges, at: "2025-03-31T23:59:00Z")
            #expect(try await ledger.sums(of: march).sums.allSatisfy { $0.unavailable == nil })
            let closed = try await close(ledger, march)
            _ = try await ledger.maintainPartitions()
            try await delivery.send(3, at: "2025-03-02T00:00:00Z")
            let sums = try await ledger.sums(of: march).sums
            #expect(sums.filter { $0.unavailable != nil }.map(\.name) == ["minutes"])
            try await expectAgreement(ledger, march)
            #expect(sums[0].counts.answers == 5 && sums[0].counts[.exchanges] == 2)
            let digest = TestDigest()
            try await ledger.reading(march, .all) { reader async throws in
                try await reader.rows(by: nil) { digest.add($0, head: closed) }
            }
            #expect(digest.finish() == closed.closing?.csvDigest)
        }
    }

    @Test func manifestsAreChainedAndAlterationsAreFound() async throws {
        try await withDelivery { database, ledger, start async throws in
            var delivery = start
            try await delivery.send(1, at: "2026-08-10T00:00:00Z")
            try await delivery.send(1, at: "2026-09-10T00:00:00Z")
            let early = await #expect(throws: LedgerError.self) { () async throws in
                _ = try await close(ledger, Self.september)
            }
            #expect("\(try #require(early))".contains("2026-08"))
            let first = try await close(ledger, Self.september.previous)
            _ = try await close(ledger, Self.september)
            let manifest = try #require(try await ledger.manifest(of: Self.september))
            #expect(manifest.contains(try #require(first.closing).manifestDigest))
            #expect(try await ledger.brokenManifests() == [])
            try await database.withConnection { connection in
                _ = try await connection.execute("SET session_replication_role = replica")
                _ = try await connection.execute(
                    "UPDATE bursar.period SET manifest = manifest || ' ' WHERE period = '2026-08'")
            }
            #expect(try await ledger.brokenManifests().count == 1)
        }
    }

    @Test func whatWasMovedBetweenTenantsShowsAndKeepsTheMonthOpen() async throws {
        try await withDelivery { database, ledger, start async throws in
            var delivery = start
            let other = TenantID(UUIDValue(high: 5, low: 5))
            try await delivery.send(5, at: "2026-09-10T00:00:00Z")
            try await delivery.send(5, at: "2026-09-11T00:00:00Z", tenant: other)
            for table in ["usage_day", "usage_month"] {
                #expect(try await ledger.sums(of: Self.september).differences == [])
                let swap: @Sendable () async throws -> Void = {
                    try await database.withConnection { connection in
                        for sign in ["+ 1", "- 1"] {
                            let tenant = sign == "+ 1" ? Delivery.tenant : other
                            _ = try await connection.execute(
                                """
                                UPDATE bursar.\(unescaped: table)
                                SET answered_memory = answered_memory \(unescaped: sign)
                                WHERE tenant_id = \(tenant.description)::uuid
                                """)
                        }
                    }
                }
                try await swap()
                let found = try await ledger.sums(of: Self.september).differences
                #expect(!found.isEmpty && found.allSatisfy { $0.contains("for other tenants") }, "\(table)")
                await #expect(throws: LedgerError.self) { () async throws in
                    _ = try await close(ledger, Self.september)
                }
                try await database.withConnection { connection in
                    _ = try await connection.execute(
                        "UPDATE bursar.\(unescaped: table) SET answered_memory = 5")
                }
            }
            #expect(try await close(ledger, Self.september).status == .closed)
        }
    }

    @Test func strayRowsOfASnapshotKeepTheMonthOpen() async throws {
        try await withDelivery { database, ledger, start async throws in
            var delivery = start
            try await delivery.send(5, at: "2026-09-10T00:00:00Z")
            try await database.withConnection { connection in
                _ = try await connection.execute(
                    """
                    INSERT INTO bursar.usage_snapshot
                        (period, line, day, tenant_id, tenant_name, client_id, provider, environment)
                    VALUES ('2026-09', 999, '2026-09-10', '00000000-0000-0000-0000-000000000001', '', '', '', '')
                    """)
            }
            let error = await #expect(throws: LedgerError.self) { () async throws in
                _ = try await close(ledger, Self.september)
            }
            #expect("\(try #require(error))".contains("usage_snapshot"))
        }
    }

    @Test func aMonthThatIsFoundLaterIsChainedToWhatWasClosedBeforeIt() async throws {
        try await withDelivery { database, ledger, start async throws in
            var delivery = start
            try await delivery.send(1, at: "2026-09-10T00:00:00Z")
            _ = try await close(ledger, Self.september)
            try await delivery.send(1, at: "2026-05-10T00:00:00Z")
            let may = try await close(ledger, ReportPeriod("2026-05")!)
            #expect(may.status == .closed)
            #expect(try await ledger.brokenManifests() == [])
            try await expectAgreement(ledger, ReportPeriod("2026-05")!)
            try await database.withConnection { connection in
                _ = try await connection.execute("SET session_replication_role = replica")
                _ = try await connection.execute(
                    "UPDATE bursar.usage_snapshot SET answered_memory = 2 WHERE period = '2026-05'")
            }
            #expect(try await manifestDifferences(ledger, ReportPeriod("2026-05")!).count == 1)
        }
    }

    @Test(arguments: ["period", "usage_snapshot", "usage_correction", "usage_day", "usage_month"])
    func closedRowsCannotBeChangedNotEvenByTheOwner(_ table: String) async throws {
        try await withDelivery { database, ledger, start async throws in
            var delivery = start
            try await delivery.send(1, at: "2026-09-10T00:00:00Z")
            _ = try await close(ledger, Self.september)
            try await delivery.send(1, at: "2026-09-11T00:00:00Z")
            for statement in ["DELETE FROM", "TRUNCATE"] {
                await #expect(throws: PostgresError.self) { () async throws in
                    try await database.withConnection { connection in
                        let cascade = statement == "TRUNCATE" ? "CASCADE" : ""
                        _ = try await connection.execute(
                            "\(unescaped: statement) bursar.\(unescaped: table) \(unescaped: cascade)")
                    }
                }
            }
        }
    }

    @Test func closingIsRefusedWithTheReason() async throws {
        try await withDelivery { database, ledger, start async throws in
            var delivery = start
            try await delivery.send(1, at: "2026-09-10T00:00:00Z")
            let now = try await database.withConnection { connection in
                try await connection.query("SELECT to_char(now(), 'YYYY-MM') AS month")[0].decode(
                    "month", as: String.self)
            }
            func refusal(_ period: ReportPeriod) async throws -> String {
                let error = await #expect(throws: LedgerError.self) { () async throws in
                    _ = try await close(ledger, period)
                }
                return "\(try #require(error))"
            }
            #expect(try await refusal(ReportPeriod(now)!).contains("not over"))
            #expect(try await refusal(ReportPeriod("2999-01")!).contains("not over"))
            _ = try await close(ledger, Self.september)
            #expect(try await refusal(Self.september).contains("closed at"))
        }
    }

    @Test func correctionsNeedAClosedMonthAReasonAndAnAmount() async throws {
        try await withDelivery { _, ledger, start async throws in
            var delivery = start
            try await delivery.send(2, at: "2026-09-10T00:00:00Z")
            let key = Delivery.key(.answeredMemory)
            func refused(_ key: UsageKey, _ amount: Int64, _ reason: String) async {
                await #expect(throws: LedgerError.self) { () async throws in
                    _ = try await ledger.adjust(
                        Self.september, key, by: amount, reason: reason, actor: Self.actor)
                }
            }
            await refused(key, 1, "not closed yet")
            _ = try await close(ledger, Self.september)
            await refused(key, 0, "nothing")
            await refused(key, 1, "")
            await refused(key, 1, "two\nlines")
            await refused(key, -3, "below zero")
            await refused(key, .max, "more than anybody counts")
            await refused(key, .min, "less than nothing")
            await refused(Delivery.key(.answeredMemory, TenantID(UUIDValue(high: 1, low: 1))), 1, "nobody")
            #expect(try await ledger.sums(of: Self.november).corrections.isZero)
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
