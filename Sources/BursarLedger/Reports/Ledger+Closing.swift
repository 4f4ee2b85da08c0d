// Closing a month: its rows are copied, digested and never touched again.
package import BursarCore
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
            try await self.keepCountsOut(on: connection)
            let head = try await self.headForClosing(period, on: connection)
            try await self.checkClosable(head, on: connection)
            try await self.checkAuditKey(on: connection)
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
            let manifest = try await self.insertPeriod(head, rows: count, csv: csv, by: actor, on: connection)
            let entry = AuditEntry(
                tenant: nil, action: .periodClosed, subject: period.description,
                detail: ["rows": String(count), "csv_sha256": csv, "manifest_sha256": manifest])
            try await self.record([entry], by: actor, on: connection)
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
                EXISTS (SELECT FROM bursar.usage_snapshot WHERE period = \(period.description)) AS strays,
                EXISTS (SELECT FROM bursar.audit_anchor WHERE period = \(period.description)) AS anchors, (
                SELECT to_char(min(day), 'YYYY-MM') FROM bursar.open_row
                WHERE day < \(period.firstDay)::date) AS earlier
            """, timeout: Self.longTime)
        let (now, hasStrays, hasAnchors, earlier) = try rows[0].decode(
            Instant.self, Bool.self, Bool.self, String?.self)
        guard !hasStrays else {
            throw LedgerError.refused(
                "bursar.usage_snapshot holds rows of \(period), which was never closed; they are not ours"
            )
        }
        guard !hasAnchors else {
            throw LedgerError.refused(
                "bursar.audit_anchor holds anchors of \(period), which was never closed; they were put in by "
                    + "hand. docs/RUNBOOK.md says how to take them out")
        }
        guard now >= head.endsAt + Self.grace else {
            throw LedgerError.refused(
                "\(period) is in grace until \(head.endsAt + Self.grace): what gateways still hold is let in")
        }
        if let earlier {
            throw LedgerError.refused("\(earlier) is still open: close it first, months are closed in order")
        }
    }

    /// Answers the manifest's SHA-256.
    private func insertPeriod(
        _ head: PeriodHead, rows count: Int, csv: String, by actor: Actor, on connection: PostgresConnection
    ) async throws -> String {
        let period = head.period
        let previous = try await connection.query(
            "SELECT manifest_sha256 FROM bursar.period ORDER BY closed_at DESC, period DESC LIMIT 1"
        ).first?.decode("manifest_sha256", as: String.self)
        let now = try await connection.query("SELECT now() AS now")[0].decode("now", as: Instant.self)
        let manifest = try Manifest(
            head: head, closedAt: now, closedBy: actor.name, rows: count,
            totals: try await snapshotTotals(of: period, on: connection),
            watermark: try await watermark(of: head, on: connection), csv: csv, previous: previous,
            audit: try await anchorChains(in: period, on: connection)
        ).text()
        let digest = Manifest.digest(of: manifest)
        try await connection.execute(
            """
            INSERT INTO bursar.period
                (period, zone, first_day, starts_at, ends_at, closed_at, closed_by, row_count, manifest,
                 manifest_sha256, csv_sha256, previous_sha256)
            VALUES (\(period.description), \(head.zone), \(period.firstDay)::date, \(head.startsAt),
                \(head.endsAt), \(now), \(actor.name), \(Int64(count)), \(manifest),
                \(digest), \(csv), \(previous))
            """)
        return digest
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
}
