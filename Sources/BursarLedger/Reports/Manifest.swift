// Manifests of closed months: what they say, and whether they hold together.
package import BursarCore
private import Crypto
private import Foundation
internal import Postgres

/// What a closed month says of itself: JSON with sorted keys, kept as text, so that its digest stays.
struct Manifest: Encodable {
    struct Journal: Encodable, Sendable {
        let directory: String
        let boot: String
        let sequence: Int64
        let batches: Int64
    }

    /// Where the chains of the audit trail ended: how many there were, and SHA-256 over all of them.
    struct Anchors: Codable, Hashable, Sendable {
        let chains: Int64
        let digest: String
    }

    /// What is read back of one.
    struct Totals: Decodable {
        let totals: [String: Int64]
    }

    /// The same; a month that was closed before there were chains has none.
    struct Anchored: Decodable {
        let audit: Anchors?
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
    private let audit: Anchors
    private let csvSha256: String
    private let previousSha256: String?

    private enum CodingKeys: String, CodingKey {
        case report, schema, period, zone, startsAt, endsAt, closedAt, closedBy, rows, totals, watermark
        case audit, csvSha256, previousSha256
    }

    init(
        head: PeriodHead, closedAt: Instant, closedBy: String, rows: Int, totals: MeterCounts,
        watermark: [Journal], csv: String, previous: String?, audit: Anchors
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
        self.audit = audit
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
        try members.encode(audit, forKey: .audit)
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

extension Ledger {
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
