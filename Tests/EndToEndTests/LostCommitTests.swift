// A COMMIT whose answer never comes: done or not, it counts once.
import BursarCore
import BursarLedger
import BursarTestSupport
import Foundation
import Postgres
import Testing

@Suite struct LostCommitTests {
    /// The sum of a meter over all minutes, as the superuser sees it.
    private func sum(_ meter: Meter, _ database: TemporaryDatabase) async throws -> Int64 {
        try await database.withConnection { connection in
            let rows = try await connection.query(
                """
                SELECT coalesce(sum(\(unescaped: meter.rawValue)), 0)::bigint AS sum
                FROM bursar.usage_minute
                """
            )
            return try rows[0].decode("sum", as: Int64.self)
        }
    }

    private static let seed = Instant(seconds: Int64(Date().timeIntervalSince1970))

    @Test func aHundredBatchesWhoseCommitIsNotAnsweredAreStoredOnce() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await CuttingProxy.lend(before: database.url) { proxy async throws in
                let pool = PostgresPool(
                    PostgresConfiguration(
                        connectionString: proxy.url, sessionSettings: [("role", "bursar_gateway")]))
                let ledger = Ledger(pool: pool, auditing: TemporaryDatabase.sealer) { _, _, _ in }
                var random = SystemRandomNumberGenerator()
                let journal = JournalID(
                    directory: UUIDValue(high: random.next(), low: random.next()),
                    boot: ReplicaID(.version7(at: Self.seed, random: (random.next(), random.next()))))
                let key = UsageKey(tenant: TenantID(UUIDValue(high: 1, low: 2)), meter: .answeredMemory)
                let minute = Self.seed.microseconds / 60_000_000
                proxy.arm(100)
                var position: Int64 = 0
                var failures = 0
                while position < 100 {
                    let batch = UsageBatch(
                        journal: journal, after: position, last: position + 1, frames: 1,
                        counts: [UsageCount(key: key, minute: minute, count: 7)], events: [])
                    do {
                        switch try await ledger.add(batch) {
                        case .stored: position += 1
                        case .standsAt(let sequence): position = sequence
                        }
                    } catch { failures += 1 }
                }
                await pool.close()
                #expect(proxy.cuts == 100)
                // Each cut was felt. A busy machine's deadlines may add to them: that is a retry more.
                #expect(failures >= 100)
            }
            #expect(try await sum(.answeredMemory, database) == 700)
        }
    }

    @Test func aCommandWhoseCommitIsNotAnsweredSaysThatItMayBeDone() async throws {
        try await Bench.lend { bench async throws in
            try await CuttingProxy.lend(before: bench.database.url) { proxy async throws in
                proxy.arm(1)
                let ended = try await bench.bursar(
                    "tenant", "add", Bench.tenant, "--name", "Demo Merchant",
                    with: ["BURSAR_DATABASE_URL": proxy.url])
                #expect(proxy.cuts == 1)
                #expect(ended.status == 1 && ended.output.contains("bursar audit list"), "\(ended.output)")
            }
            #expect(try await bench.must("audit", "list").contains("tenant.added"))
        }
    }

    @Test func aGatewayWhoseCommitsAreNotAnsweredCountsEachAnswerOnce() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("zertiban")
            let client = try await bench.issueClient()
            try await CuttingProxy.lend(before: bench.database.url) { proxy async throws in
                let changes = ["BURSAR_DATABASE_URL": proxy.url, "BURSAR_LOG_LEVEL": "info"]
                var answered: Int64 = 0
                try await bench.withGateway(with: changes) { gateway async throws in
                    #expect(try await gateway.token(client).status == 200)
                    answered += 1
                    for cut in 1...5 {
                        proxy.arm(1)
                        for _ in 0..<10 {
                            #expect(try await gateway.token(client).status == 200)
                            answered += 1
                        }
                        try await until("a commit is cut") { proxy.cuts == cut }
                    }
                }
                let counted = try await bench.sum(.answeredMemory) + bench.sum(.answeredProvider)
                #expect(counted == answered)
            }
        }
    }
}

extension Bench {
    /// The sum of a meter over everything that finance can read.
    func sum(_ meter: Meter) async throws -> Int64 {
        try await database.withConnection { connection in
            let rows = try await connection.query(
                """
                SELECT coalesce(sum(\(unescaped: meter.column)), 0)::bigint AS sum
                FROM finance.usage_monthly
                """
            )
            return try rows[0].decode("sum", as: Int64.self)
        }
    }
}

extension Meter {
    /// Its name in the views, where `refused` is the sum.
    var column: String { self == .refused ? "refused_otherwise" : rawValue }
}
