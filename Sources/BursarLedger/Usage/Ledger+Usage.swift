// Counts and refresh events, stored once however often they are sent.
package import BursarCore
internal import Postgres

extension Ledger: UsageStore {
    package func delivered(of journal: JournalID) async throws(StoreFailure) -> Int64 {
        try await serving(.position) {
            try await pool.withConnection { try await self.position(of: journal, on: $0) }
        }
    }

    package func add(_ batch: UsageBatch) async throws(StoreFailure) -> UsageReceipt {
        try await serving(.deliver) {
            try await pool.transaction { connection in
                try await connection.execute("SELECT pg_advisory_xact_lock_shared(\(Self.periodLock))")
                guard try await self.advance(batch, on: connection) else {
                    return .standsAt(try await self.position(of: batch.journal, on: connection))
                }
                if !batch.counts.isEmpty { try await self.store(batch, on: connection) }
                if !batch.events.isEmpty { try await self.store(batch.events, of: batch, on: connection) }
                return .stored
            }
        }
    }

    /// Held shared while counts are stored, and alone while a month is closed: none slips in between.
    static let periodLock: PostgresQuery = "hashtext('bursar.period')"

    /// Lets no counts in until the transaction ends; gateways keep theirs meanwhile. A machine that stands
    /// still for some seconds must not cost a month's work, and one that is gone must not keep the lock.
    func keepCountsOut(on connection: PostgresConnection) async throws {
        try await connection.execute(
            """
            SELECT pg_advisory_xact_lock(\(Self.periodLock)),
                set_config('idle_in_transaction_session_timeout', '60s', true)
            """, timeout: Self.longTime)
    }

    // MARK: The journal's position

    private func position(of journal: JournalID, on connection: PostgresConnection) async throws -> Int64 {
        let rows = try await connection.query(
            """
            SELECT last_sequence FROM bursar.usage_journal
            WHERE directory_id = \(journal.directory) AND boot_id = \(journal.boot)
            """)
        return try rows.first?.decode("last_sequence", as: Int64.self) ?? 0
    }

    /// Whether the batch is the next one. A delivery of the same that is still under way is waited for.
    private func advance(_ batch: UsageBatch, on connection: PostgresConnection) async throws -> Bool {
        let journal = batch.journal
        guard batch.after > 0 else {
            return try await connection.execute(
                """
                INSERT INTO bursar.usage_journal (directory_id, boot_id, last_sequence)
                VALUES (\(journal.directory), \(journal.boot), \(batch.last)) ON CONFLICT DO NOTHING
                """) == 1
        }
        return try await connection.execute(
            """
            UPDATE bursar.usage_journal SET last_sequence = \(batch.last), last_at = now()
            WHERE directory_id = \(journal.directory) AND boot_id = \(journal.boot)
                AND last_sequence = \(batch.after)
            """) == 1
    }

    // MARK: Counts

    /// For one statement of a batch. A frame cannot be made smaller, so a busy server gets its time; nobody
    /// waits for it.
    static var batchTime: Duration { .seconds(30) }

    /// Rows go in key order, so that two replicas that add to the same ones cannot wait for each other.
    private func store(_ batch: UsageBatch, on connection: PostgresConnection) async throws {
        let counted = Self.counted(batch.counts)
        try await connection.execute(
            """
            \(counted) INSERT INTO bursar.usage_minute AS usage
                (tenant_id, minute, client_id, provider, environment, \(unescaped: Self.meters))
            SELECT tenant_id, minute, client_id, provider, environment, \(unescaped: Self.pivot) FROM counted
            GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
            ON CONFLICT (tenant_id, minute, client_id, provider, environment)
                DO UPDATE SET \(unescaped: Self.addition("usage"))
            """, timeout: Self.batchTime)
        for (table, column) in [("usage_day", "day"), ("usage_month", "month")] {
            try await connection.execute(
                """
                \(counted) INSERT INTO bursar.\(unescaped: table) AS usage
                    (tenant_id, \(unescaped: column), client_id, provider, environment,
                     \(unescaped: Self.meters))
                SELECT tenant_id, \(unescaped: column), client_id, provider, environment,
                    \(unescaped: Self.pivot)
                FROM counted WHERE closed IS NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
                ON CONFLICT (tenant_id, \(unescaped: column), client_id, provider, environment)
                    DO UPDATE SET \(unescaped: Self.addition("usage"))
                """, timeout: Self.batchTime)
        }
        try await connection.execute(
            """
            \(counted) INSERT INTO bursar.usage_correction
                (tenant_id, day, corrects, kind, reason, client_id, provider, environment, made_by,
                 \(unescaped: Self.meters))
            SELECT tenant_id, (now() AT TIME ZONE bursar.report_zone())::date, closed, 'late',
                'delivered after the month was closed', client_id, provider, environment,
                \(batch.journal.description), \(unescaped: Self.pivot)
            FROM counted WHERE closed IS NOT NULL GROUP BY tenant_id, closed, client_id, provider, environment
            """, timeout: Self.batchTime)
        try await connection.execute(
            """
            \(counted) INSERT INTO bursar.usage_batch AS usage
                (directory_id, boot_id, quarter, batches, last_sequence, \(unescaped: Self.meters))
            SELECT \(batch.journal.directory), \(batch.journal.boot),
                date_bin('15 minutes', minute, '2000-01-01 00:00:00+00') AS quarter, \(batch.frames),
                \(batch.last), \(unescaped: Self.pivot)
            FROM counted GROUP BY quarter ORDER BY quarter
            ON CONFLICT (directory_id, boot_id, quarter) DO UPDATE SET
                batches = usage.batches + excluded.batches, last_sequence = excluded.last_sequence,
                \(unescaped: Self.addition("usage"))
            """, timeout: Self.batchTime)
    }

    /// The counts as rows, each with its day and, where that day's month is closed, with the month. A minute
    /// that lies ahead of the database's clock, or before this century, is taken for the present one: a
    /// replica whose clock is wrong must not book into months to come, nor into 1970.
    private static func counted(_ counts: [UsageCount]) -> PostgresQuery {
        """
        WITH given (tenant_id, minute, client_id, provider, environment, meter, count) AS (
            SELECT * FROM unnest(
                \(counts.map { $0.key.tenant?.uuid ?? nobody }.map(PostgresUUID.init)),
                \(counts.map { PostgresTimestamp(microseconds: $0.minute * 60_000_000) }),
                \(counts.map { $0.key.client?.text ?? "" }),
                \(counts.map { $0.key.provider?.text ?? "" }),
                \(counts.map { $0.key.environment?.rawValue ?? "" }),
                \(counts.map(\.key.meter.rawValue)),
                \(counts.map(\.count)))
        ), placed AS (
            SELECT tenant_id, client_id, provider, environment, meter, count,
                CASE WHEN minute > now() + interval '5 minutes' OR minute < '2001-01-01 00:00:00+00'
                    THEN date_trunc('minute', now())
                    ELSE minute END AS minute
            FROM given
        ), dated AS (
            SELECT placed.*, (minute AT TIME ZONE (SELECT zone FROM bursar.report_zone))::date AS day
            FROM placed
        ), counted AS (
            SELECT dated.*, date_trunc('month', day)::date AS month, period.period AS closed
            FROM dated LEFT JOIN bursar.period ON first_day = date_trunc('month', day)::date
        )
        """
    }

    /// Every meter's column, in the order of `Meter.allCases`.
    static let meters = Meter.allCases.map(\.rawValue).joined(separator: ", ")

    private static let pivot = Meter.allCases.map { meter in
        "coalesce(sum(count) FILTER (WHERE meter = '\(meter.rawValue)'), 0)::bigint"
    }.joined(separator: ", ")

    private static func addition(_ table: String) -> String {
        Meter.allCases.map { "\($0.rawValue) = \(table).\($0.rawValue) + excluded.\($0.rawValue)" }
            .joined(separator: ", ")
    }

    /// Stands for "no tenant known" where a key column cannot be null.
    static let nobody = UUIDValue(high: 0, low: 0)
}

extension PostgresUUID {
    init(_ uuid: UUIDValue) { self.init(high: uuid.high, low: uuid.low) }
}
