// Batches are stored once, whatever happens on the way.
import BursarCore
import BursarLedger
import BursarTestSupport
import Postgres
import Testing

@Suite struct UsageDeliveryTests {
    private func sums(_ database: TemporaryDatabase) async throws -> [Int64] {
        try await database.withConnection { connection in
            let row = try await connection.query(
                """
                SELECT (SELECT coalesce(sum(answered_memory), 0) FROM bursar.usage_minute)::bigint AS minutes,
                    (SELECT coalesce(sum(answered_memory), 0) FROM bursar.usage_day)::bigint AS days,
                    (SELECT coalesce(sum(answered_memory), 0) FROM bursar.usage_batch)::bigint AS batches,
                    (SELECT count(*) FROM bursar.refresh_event)::bigint AS events
                """)[0]
            let (minutes, days, batches, events) = try row.decode(
                Int64.self, Int64.self, Int64.self, Int64.self)
            return [minutes, days, batches, events]
        }
    }

    @Test func aBatchThatIsSentAgainCountsOnce() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                var delivery = Delivery(ledger)
                #expect(try await ledger.delivered(of: delivery.journal) == 0)
                let event = try delivery.event(at: "2026-11-01T10:00:00Z")
                let counts = [
                    UsageCount(key: Delivery.key(.answeredMemory), minute: 29_700_000, count: 3),
                    UsageCount(key: Delivery.key(.answeredMemory), minute: 29_700_000, count: 4),
                    UsageCount(key: UsageKey(meter: .refused), minute: 29_700_001, count: 2),
                ]
                let batch = delivery.batch(counts, events: [event])
                #expect(try await ledger.add(batch) == .stored)
                #expect(try await ledger.add(batch) == .standsAt(1))
                #expect(try await ledger.delivered(of: delivery.journal) == 1)
                #expect(try await sums(database) == [7, 7, 7, 1])
            }
        }
    }

    @Test func aBatchThatIsNotTheNextOneChangesNothing() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                var delivery = Delivery(ledger)
                delivery.position = 5
                let count = UsageCount(key: Delivery.key(.answeredMemory), minute: 29_700_000, count: 3)
                #expect(try await ledger.add(delivery.batch([count])) == .standsAt(0))
                #expect(try await sums(database) == [0, 0, 0, 0])
            }
        }
    }

    @Test func replicasThatAddToTheSameMinutesDoNotBlockEachOther() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for replica in 1...4 {
                        group.addTask {
                            var delivery = Delivery(ledger, boot: UInt64(replica))
                            var random = SplitMix64(seed: UInt64(replica))
                            for _ in 0..<10 {
                                let counts = (0..<200).map { index in
                                    let tenant = TenantID(UUIDValue(high: 1, low: UInt64(index)))
                                    return UsageCount(
                                        key: Delivery.key(.answeredMemory, tenant), minute: 29_700_000,
                                        count: 1)
                                }
                                try await delivery.send(counts.shuffled(using: &random))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await sums(database) == [8_000, 8_000, 8_000, 0])
            }
        }
    }

    @Test(arguments: ["2199-01-01T00:00:00Z", "1970-01-01T00:07:00Z"])
    func aClockThatIsWrongBooksIntoThePresent(_ minute: String) async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                var delivery = Delivery(ledger)
                try await delivery.send(1, at: minute)
                let astray = try await database.withConnection { connection in
                    try await connection.query(
                        """
                        SELECT count(*) AS astray FROM bursar.usage_minute
                        WHERE minute > now() + interval '1 hour' OR minute < now() - interval '1 hour'
                        """
                    )[0].decode("astray", as: Int64.self)
                }
                #expect(astray == 0)
                #expect(try await sums(database) == [1, 1, 1, 0])
            }
        }
    }

    @Test func everyMeterHasItsColumn() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                var delivery = Delivery(ledger)
                let minute = try Delivery.minute("2026-11-01T10:00:00Z")
                try await delivery.send(
                    Meter.allCases.enumerated().map { index, meter in
                        UsageCount(key: Delivery.key(meter), minute: minute, count: Int64(index + 1))
                    })
                let totals = try await ledger.totals(ReportPeriod("2026-11")!, .all)
                for (index, meter) in Meter.allCases.enumerated() {
                    #expect(totals[meter] == Int64(index + 1))
                }
            }
        }
    }

    // MARK: Downtime and latencies

    private func downtime(_ database: TemporaryDatabase) async throws -> [String: Int64] {
        try await database.withConnection { connection in
            let rows = try await connection.query(
                """
                SELECT day::text || ' ' || fault AS key, sum(seconds)::bigint AS seconds
                FROM finance.downtime_daily GROUP BY 1
                """)
            return try Dictionary(
                uniqueKeysWithValues: rows.map { row in
                    let (key, seconds) = try row.decode(String.self, Int64.self)
                    return (key, seconds)
                })
        }
    }

    @Test func anOutageCountsOnceHoweverManyReplicasSeeIt() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                for replica in 1...3 {
                    var delivery = Delivery(ledger, boot: UInt64(replica))
                    var events: [RefreshEvent] = []
                    if replica == 1 {
                        events.append(try delivery.event(at: "2026-11-01T09:00:00Z", lifetime: 600))
                    }
                    // The token is good until 09:10: nothing is down before.
                    for second in ["05:00", "10:00", "10:30", "11:00", "11:30"] {
                        events.append(
                            try delivery.event(at: "2026-11-01T09:\(second)Z", failure: .serverError))
                    }
                    if replica == 2 {
                        events.append(try delivery.event(at: "2026-11-01T09:12:00Z", latency: .zero))
                    }
                    try await delivery.send([], events: events)
                }
                while try await ledger.rollUp() {}
                #expect(try await downtime(database) == ["2026-11-01 provider": 120])
            }
        }
    }

    /// Renewals begin to fail while the token is still good: the time until its end is none without it.
    @Test func failuresBeforeATokensEndTakeNothingFromAnOutage() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                var delivery = Delivery(ledger)
                var events = [try delivery.event(at: "2026-10-31T09:05:00Z", lifetime: 300)]
                for time in ["09:08:00", "09:09:00", "09:09:40", "09:10:40"] {
                    events.append(try delivery.event(at: "2026-10-31T\(time)Z", failure: .timedOut))
                }
                events.append(try delivery.event(at: "2026-10-31T09:12:00Z", latency: .zero))
                try await delivery.send([], events: events)
                while try await ledger.rollUp() {}
                #expect(try await downtime(database) == ["2026-10-31 provider": 120])
            }
        }
    }

    @Test func downtimeIsSplitAtMidnightAndEndsAnHourAfterTheLastFailure() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                var delivery = Delivery(ledger)
                let failed = try delivery.event(at: "2026-10-31T23:50:00Z", failure: .invalidClient)
                try await delivery.send([], events: [failed])
                while try await ledger.rollUp() {}
                let once = ["2026-10-31 credential": Int64(600), "2026-11-01 credential": 3_000]
                #expect(try await downtime(database) == once)
                let healed = try delivery.event(at: "2026-10-31T23:55:00Z", latency: .zero)
                try await delivery.send([], events: [healed])
                while try await ledger.rollUp() {}
                #expect(
                    try await downtime(database) == ["2026-10-31 credential": 300], "what comes late counts")
            }
        }
    }

    @Test func percentilesComeFromMergedBucketsAndAreAtMostAFifthAbove() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                for replica in 1...2 {
                    var delivery = Delivery(ledger, boot: UInt64(replica))
                    let events = try (1...500).map { index in
                        try delivery.event(
                            at: "2026-11-01T10:00:00Z",
                            latency: .milliseconds(replica == 1 ? index : 500 + index))
                    }
                    try await delivery.send([], events: events)
                }
                let overview = try await ledger.overview(ReportPeriod("2026-11")!, .all)
                #expect(overview.service.succeeded == 1_000)
                let exact: [(Duration?, Int64)] = [
                    (overview.service.p50, 500), (overview.service.p95, 950), (overview.service.p99, 990),
                ]
                for (found, milliseconds) in exact {
                    let ratio = try #require(found) / Duration.milliseconds(milliseconds)
                    #expect((1.0...1.19).contains(ratio), "\(ratio)")
                }
            }
        }
    }
}
