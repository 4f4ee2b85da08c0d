// Closing a month: its rows are copied, digested and never touched again.
package import BursarCore
private import Crypto
private import Foundation
internal import Postgres

/// Makes the digest of a month's file while its rows go by. BursarReports has the one for CSV.
package protocol RowDigest: Sendable {
    func add(_ rows: [UsageRow], head: PeriodHead)
    /// SHA-256 in hexadecimal.
    func finish() -> String
}

extension Ledger {
    /// How long after its end a month still takes in what gateways held.
    package static let grace: Duration = .seconds(48 * 3_600)

    /// Closes a month for good and answers its head.
    /// - Parameter progress: told what goes on, for people.
    /// - Throws: `LedgerError.refused` when it is not over, in grace, closed already, or not the next one.
    package func close(
        _ period: ReportPeriod, by actor: Actor, digest: any RowDigest,
        progress: @Sendable (String) -> Void
    ) async throws -> PeriodHead {
        try await pool.transaction { connection in
            try await connection.execute("SELECT \(Self.periodLock(isShared: false))", timeout: Self.longTime)
            let head = try await self.headForClosing(period, on: connection)
            try await self.checkClosable(head, on: connection)
            progress("Adding up \(period) …")
            let differences = try await self.sums(of: head, on: connection).differences
            guard differences.isEmpty else {
                throw LedgerError.refused(
                    "\(period) does not add up: \(differences.joined(separator: "; ")). Mend that first; "
                        + "`bursar report verify --period \(period)` shows it")
            }
            progress("Copying the rows of \(period) …")
            try await connection.execute(
                """
                INSERT INTO bursar.usage_snapshot
                    (period, line, day, tenant_id, tenant_name, client_id, provider, environment,
                     correction_of, reason, \(unescaped: Self.meters))
                SELECT \(period.description), row_number() OVER (ORDER BY \(unescaped: ReportReader.order)), *
                FROM bursar.open_row AS report_row
                WHERE day >= \(period.firstDay)::date AND day < \(period.next.firstDay)::date
                """, timeout: Self.longTime)
            progress("Digesting them …")
            let count = try await connection.rows(
                """
                SELECT \(unescaped: ReportReader.line) FROM bursar.usage_snapshot
                WHERE period = \(period.description) ORDER BY line
                """, batch: ReportReader.batch
            ) { rows in digest.add(try rows.map { try UsageRow(report: $0) }, head: head) }
            let csv = digest.finish()
            try await self.insertPeriod(head, rows: count, csv: csv, by: actor, on: connection)
            try await AuditEntry(
                tenant: nil, action: .periodClosed, subject: period.description,
                detail: ["rows": String(count), "csv_sha256": csv]
            ).insert(id: Self.newID(), actor: actor.name, on: connection)
            return try await self.head(of: period, on: connection)
        }
    }

    private func headForClosing(
        _ period: ReportPeriod, on connection: PostgresConnection
    ) async throws -> PeriodHead {
        do {
            return try await head(of: period, on: connection)
        } catch ReportError.notBegun(_, let start) {
            throw LedgerError.refused("\(period) is not over: it has not begun, it starts at \(start)")
        }
    }

    private func checkClosable(_ head: PeriodHead, on connection: PostgresConnection) async throws {
        let period = head.period
        switch head.status {
        case .open:
            throw LedgerError.refused(
                "\(period) is not over: it ends at \(head.endsAt), and can be closed from "
                    + "\(head.endsAt + Self.grace) on")
        case .closed:
            throw LedgerError.refused(
                "\(period) was closed at \(head.closing.map { $0.at.description } ?? "") by "
                    + "\(head.closing?.by ?? ""); nothing was changed")
        case .grace: break
        }
        let rows = try await connection.query(
            """
            SELECT now() AS now,
                EXISTS (SELECT FROM bursar.usage_snapshot WHERE period = \(period.description)) AS strays, (
                SELECT to_char(min(day), 'YYYY-MM') FROM bursar.open_row
                WHERE day < \(period.firstDay)::date) AS earlier
            """, timeout: Self.longTime)
        let (now, hasStrays, earlier) = try rows[0].decode(Instant.self, Bool.self, String?.self)
        guard !hasStrays else {
            throw LedgerError.refused(
                "bursar.usage_snapshot holds rows of \(period), which was never closed; they are not ours"
            )
        }
        guard now >= head.endsAt + Self.grace else {
            throw LedgerError.refused(
                "\(period) is in grace until \(head.endsAt + Self.grace): what gateways still hold is let in")
        }
        if let earlier {
            throw LedgerError.refused("\(earlier) is still open: close it first, months are closed in order")
        }
    }

    private func insertPeriod(
        _ head: PeriodHead, rows count: Int, csv: String, by actor: Actor, on connection: PostgresConnection
    ) async throws {
        let period = head.period
        let previous = try await connection.query(
            "SELECT manifest_sha256 FROM bursar.period ORDER BY closed_at DESC, period DESC LIMIT 1"
        ).first?.decode("manifest_sha256", as: String.self)
        let now = try await connection.query("SELECT now() AS now")[0].decode("now", as: Instant.self)
        let manifest = try Manifest(
            head: head, closedAt: now, closedBy: actor.name, rows: count,
            totals: try await snapshotTotals(of: period, on: connection),
            watermark: try await watermark(of: head, on: connection), csv: csv, previous: previous
        ).text()
        try await connection.execute(
            """
            INSERT INTO bursar.period
                (period, zone, first_day, starts_at, ends_at, closed_at, closed_by, row_count, manifest,
                 manifest_sha256, csv_sha256, previous_sha256)
            VALUES (\(period.description), \(head.zone), \(period.firstDay)::date, \(head.startsAt),
                \(head.endsAt), \(now), \(actor.name), \(Int64(count)), \(manifest),
                \(Manifest.digest(of: manifest)), \(csv), \(previous))
            """)
    }

    /// From the snapshot itself: the report's own sums have the month from its days until it is closed.
    private func snapshotTotals(
        of period: ReportPeriod, on connection: PostgresConnection
    ) async throws -> MeterCounts {
        try await connection.query(
            """
            SELECT \(unescaped: ReportReader.sums) AS counts FROM bursar.usage_snapshot
            WHERE period = \(period.description)
            """, timeout: Self.longTime)[0].counts()
    }

    /// How far each journal that has delivered something for the month was stored.
    private func watermark(
        of head: PeriodHead, on connection: PostgresConnection
    ) async throws -> [Manifest.Journal] {
        try await connection.query(
            """
            SELECT directory_id, boot_id, max(last_sequence) AS sequence, sum(batches)::bigint AS batches
            FROM bursar.usage_batch WHERE quarter >= \(head.startsAt) AND quarter < \(head.endsAt)
            GROUP BY 1, 2 ORDER BY 1, 2
            """, timeout: Self.longTime
        ).map { row in
            let (directory, boot, sequence, batches) = try row.decode(
                UUIDValue.self, ReplicaID.self, Int64.self, Int64.self)
            return Manifest.Journal(
                directory: directory.description, boot: boot.description, sequence: sequence, batches: batches
            )
        }
    }

    // MARK: Manifests

    /// The manifest of a closed month; nil for another.
    package func manifest(of period: ReportPeriod) async throws -> String? {
        try await pool.query("SELECT manifest FROM bursar.period WHERE period = \(period.description)").first?
            .decode("manifest", as: String.self)
    }

    /// What a closed month's manifest says otherwise than its rows' sums, in words; empty when they agree.
    package func manifestDifferences(of period: ReportPeriod, from totals: MeterCounts) async throws
        -> [String]
    {
        guard let text = try await manifest(of: period) else { return [] }
        let stated = try? JSONDecoder().decode(Manifest.Totals.self, from: Data(text.utf8))
        guard let stated else { return ["the manifest of \(period) cannot be read"] }
        return Meter.allCases.filter { stated.totals[$0.rawValue] != totals[$0] }.map { meter in
            "\(meter.rawValue): the manifest of \(period) says "
                + "\(stated.totals[meter.rawValue].map { "\($0)" } ?? "nothing"), its rows add up to "
                + "\(totals[meter])"
        }
    }

    /// What does not fit in the chain of manifests, in words; empty when everything does. A month is chained
    /// to the one that was closed before it, which may be a later one.
    package func brokenManifests() async throws -> [String] {
        let rows = try await pool.query(
            """
            SELECT period, manifest, manifest_sha256, csv_sha256, previous_sha256 FROM bursar.period
            ORDER BY closed_at, period
            """)
        var problems: [String] = []
        var previous: String?
        for row in rows {
            let (period, manifest, digest, csv, link) = try row.decode(
                String.self, String.self, String.self, String.self, String?.self)
            if Manifest.digest(of: manifest) != digest {
                problems.append(
                    "the manifest of \(period) was altered: its SHA-256 is not the one that was kept")
            }
            if !manifest.contains("\"csv_sha256\" : \"\(csv)\"") {
                problems.append("the manifest of \(period) names another CSV than its row does")
            }
            if link != previous
                || !manifest.contains("\"previous_sha256\" : \(link.map { "\"\($0)\"" } ?? "null")")
            {
                problems.append("the manifest of \(period) does not follow the one before it")
            }
            previous = digest
        }
        return problems
    }
}

/// What a closed month says of itself: JSON with sorted keys, kept as text, so that its digest stays.
struct Manifest: Encodable {
    struct Journal: Encodable, Sendable {
        let directory: String
        let boot: String
        let sequence: Int64
        let batches: Int64
    }

    /// What is read back of one.
    struct Totals: Decodable {
        let totals: [String: Int64]
    }

    private let report = "bursar-usage"
    private let schema = 1
    private let period: String
    private let zone: String
    private let startsAt: String
    private let endsAt: String
    private let closedAt: String
    private let closedBy: String
    private let rows: Int
    private let totals: [String: Int64]
    private let watermark: [Journal]
    private let csvSha256: String
    private let previousSha256: String?

    private enum CodingKeys: String, CodingKey {
        case report, schema, period, zone, startsAt, endsAt, closedAt, closedBy, rows, totals, watermark
        case csvSha256, previousSha256
    }

    init(
        head: PeriodHead, closedAt: Instant, closedBy: String, rows: Int, totals: MeterCounts,
        watermark: [Journal], csv: String, previous: String?
    ) {
        period = head.period.description
        zone = head.zone
        startsAt = head.startsAt.description
        endsAt = head.endsAt.description
        self.closedAt = closedAt.description
        self.closedBy = closedBy
        self.rows = rows
        self.totals = Dictionary(uniqueKeysWithValues: Meter.allCases.map { ($0.rawValue, totals[$0]) })
        self.watermark = watermark
        csvSha256 = csv
        previousSha256 = previous
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(report, forKey: .report)
        try members.encode(schema, forKey: .schema)
        try members.encode(period, forKey: .period)
        try members.encode(zone, forKey: .zone)
        try members.encode(startsAt, forKey: .startsAt)
        try members.encode(endsAt, forKey: .endsAt)
        try members.encode(closedAt, forKey: .closedAt)
        try members.encode(closedBy, forKey: .closedBy)
        try members.encode(rows, forKey: .rows)
        try members.encode(totals, forKey: .totals)
        try members.encode(watermark, forKey: .watermark)
        try members.encode(csvSha256, forKey: .csvSha256)
        try members.encode(previousSha256, forKey: .previousSha256)
    }

    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    static func digest(of text: String) -> String { hexText(Array(SHA256.hash(data: Array(text.utf8)))) }
}
