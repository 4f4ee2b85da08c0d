// How a month closes, and what comes after.
import BursarCore
import BursarLedger
import BursarTestSupport
import Postgres
import Testing

extension PeriodTests {
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

    @Test func aMachineThatStandsStillForSomeSecondsDoesNotLoseTheMonth() async throws {
        try await withDelivery { database, ledger, start async throws in
            var delivery = start
            try await delivery.send(10, at: "2026-09-30T23:59:00Z")
            try await database.withConnection { connection in
                try await connection.script(
                    """
                    CREATE TABLE allowed (idle text);
                    CREATE FUNCTION allow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
                    BEGIN
                        INSERT INTO public.allowed
                            VALUES (current_setting('idle_in_transaction_session_timeout'));
                        RETURN NULL;
                    END $$;
                    CREATE TRIGGER allow AFTER INSERT ON bursar.period EXECUTE FUNCTION allow();
                    """, timeout: .seconds(5))
            }
            _ = try await close(ledger, Self.september)
            let idle = try await database.withConnection { connection in
                try await connection.query("SELECT idle FROM allowed").map { try $0.decode(String.self) }
            }
            #expect(idle == ["1min"])
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
                    VALUES ('2026-09', 999, '2026-09-10', gen_random_uuid(), '', '', '', '')
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
}
