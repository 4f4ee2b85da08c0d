// Anchors: where each chain ended when a month was closed, held by the month's manifest.
internal import BursarCore
internal import Crypto
private import Foundation
internal import Postgres
internal import Synchronization

extension Ledger {
    /// Notes the end of every chain for the month that is being closed.
    func anchorChains(
        in period: ReportPeriod, on connection: PostgresConnection
    ) async throws -> Manifest.Anchors {
        try await connection.execute(
            """
            INSERT INTO bursar.audit_anchor (tenant_id, period, seq, mac)
            SELECT tenant_id, \(period.description), seq, mac FROM bursar.audit_head WHERE seq > 0
            """, timeout: Self.longTime)
        let digest = Mutex(AnchorDigest())
        _ = try await connection.rows(
            """
            SELECT tenant_id, seq, mac FROM bursar.audit_anchor WHERE period = \(period.description)
            ORDER BY tenant_id
            """, batch: ReportReader.batch
        ) { rows in
            for row in rows {
                let (chain, sequence, mac) = try row.decode(TenantID.self, Int64.self, [UInt8].self)
                digest.withLock { $0.add(chain, sequence, mac) }
            }
        }
        return digest.withLock { $0.anchors }
    }

    /// Holds the anchors against the rows that they name, and all of them against the manifests.
    /// - Parameter closings: SHA-256 of each month's manifest as the platform's chain has it.
    func compareAnchors(
        _ tenant: TenantID?, _ closings: [String: String], _ verification: inout AuditVerification,
        on connection: PostgresConnection
    ) async throws {
        let comparison = Mutex(AnchorComparison())
        _ = try await connection.rows(Self.anchors(of: tenant), batch: ReportReader.batch) { rows in
            try comparison.withLock { comparison in for row in rows { try comparison.take(row) } }
        }
        let (anchors, findings) = comparison.withLock { ($0.ended(), $0.findings) }
        verification.anchors = anchors.values.reduce(0) { $0 + $1.chains }
        verification.findings.add(findings)
        if tenant == nil {
            try await compareManifests(with: anchors, closings, &verification, on: connection)
        }
    }

    /// Every anchor with what there is in its place.
    static func anchors(of tenant: TenantID?) -> PostgresQuery {
        """
        SELECT anchor.period, anchor.tenant_id, anchor.seq, anchor.mac, event.event_id,
            event.mac AS found, CASE WHEN event.mac IS NULL THEN coalesce((
                SELECT max(seq) FROM bursar.audit_event AS last
                WHERE last.tenant_id = anchor.tenant_id), 0) END AS last,
            EXISTS (SELECT FROM bursar.period WHERE period.period = anchor.period) AS is_closed
        FROM bursar.audit_anchor AS anchor
        LEFT JOIN bursar.audit_event AS event
            ON event.tenant_id = anchor.tenant_id AND event.seq = anchor.seq
        WHERE \(tenant)::uuid IS NULL OR anchor.tenant_id = \(tenant)
        ORDER BY anchor.period, anchor.tenant_id
        """
    }

    private func compareManifests(
        with anchors: [String: Manifest.Anchors], _ closings: [String: String],
        _ verification: inout AuditVerification, on connection: PostgresConnection
    ) async throws {
        let rows = try await connection.query("SELECT period, manifest FROM bursar.period ORDER BY period")
        var manifests: [String: String] = [:]
        for row in rows { manifests[try row.decode("period")] = try row.decode("manifest", as: String.self) }
        func find(_ text: String) {
            verification.findings.add(AuditFinding(.anchorMismatch, chain: nil, text))
        }
        for (period, manifest) in manifests.sorted(by: { $0.key < $1.key }) {
            let stated = (try? Manifest.audit(in: manifest)).flatMap { $0.chains == 0 ? nil : $0 }
            if stated != anchors[period] {
                find("the anchors of \(period) are not those of its manifest")
            }
            if let closing = closings[period], closing != Manifest.digest(of: manifest) {
                find("the manifest of \(period) is not the one that was closed")
            }
        }
        for period in Set(closings.keys).union(anchors.keys).subtracting(manifests.keys).sorted() {
            find(
                closings[period] != nil
                    ? "the manifest of \(period) is gone"
                    : "bursar.audit_anchor holds anchors of \(period), which was never closed: "
                        + "they were put in by hand")
        }
    }
}

extension Manifest {
    static func audit(in manifest: String) throws -> Anchors? {
        try JSONDecoder().decode(Anchored.self, from: Data(manifest.utf8)).audit
    }
}

/// SHA-256 over one line a chain, in the order of tenants: `tenant seq mac`, the mac in hexadecimal.
private struct AnchorDigest {
    private var hash = SHA256()
    private var chains: Int64 = 0

    mutating func add(_ chain: TenantID, _ sequence: Int64, _ mac: [UInt8]) {
        hash.update(data: Array("\(chain) \(sequence) \(hexText(mac))\n".utf8))
        chains += 1
    }

    var anchors: Manifest.Anchors {
        Manifest.Anchors(chains: chains, digest: hexText(Array(hash.finalize())))
    }
}

/// Takes anchors in the order of their months.
private struct AnchorComparison {
    private(set) var findings = AuditFindings()
    private var months: [String: Manifest.Anchors] = [:]
    private var current: (period: String, digest: AnchorDigest)?

    mutating func take(_ row: PostgresRow) throws {
        let (period, chain, sequence, mac, event, found, last, isClosed) = try row.decode(
            String.self, TenantID.self, Int64.self, [UInt8].self, UUIDValue?.self, [UInt8]?.self, Int64?.self,
            Bool.self)
        if current?.period != period {
            months = ended()
            current = (period, AnchorDigest())
        }
        current?.digest.add(chain, sequence, mac)
        // One that is missing further up is found as such.
        let isCut = (last ?? sequence) < sequence
        guard isCut || (found != nil && found != mac) else { return }
        guard isClosed else {
            return findings.add(
                AuditFinding(
                    .anchorMismatch, chain: chain, sequence: sequence, event: event,
                    "there is no such row, but an anchor of \(period), which has no manifest"))
        }
        findings.add(
            AuditFinding(
                isCut ? .cutOff : .anchorMismatch, chain: chain, sequence: isCut ? (last ?? 0) + 1 : sequence,
                event: event,
                isCut
                    ? "the chain had \(sequence) rows when \(period) was closed, and has \(last ?? 0)"
                    : "the row is not the one that was there when \(period) was closed"))
    }

    /// The months with the one that is under way.
    func ended() -> [String: Manifest.Anchors] {
        var all = months
        if let current { all[current.period] = current.digest.anchors }
        return all
    }
}
