// bursar report close, show, adjust
import ArgumentParser
import BursarCore
import BursarLedger
import BursarReports
import Foundation

struct ReportCloseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close", abstract: "Make a month final, 48 hours after its end or later.",
        discussion: """
            Keeps its rows, and a manifest with their SHA-256 and the hash of the manifest before. What \
            arrives later becomes a correction in the open month.
            """)

    @Option(help: PeriodArgument.help, transform: PeriodArgument.parse) var period: PeriodArgument
    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let administration = try Administration(options)
        let head = try await administration.withReports { ledger, zone in
            let period = try period.period(zone: zone)
            return try await ledger.close(period, by: administration.actor, digest: CSVDigest()) {
                Output.say($0)
            }
        }
        try administration.output.print(ShownPeriod(head)) { ShownPeriod(head).text }
    }
}

struct ReportShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Where a month stands, and its manifest once it is closed.")

    @Option(help: PeriodArgument.help, transform: PeriodArgument.parse) var period: PeriodArgument
    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let administration = try Administration(options)
        let (head, manifest) = try await administration.withReports { ledger, zone in
            let period = try period.period(zone: zone)
            return (try await ledger.head(of: period), try await ledger.manifest(of: period))
        }
        let shown = ShownPeriod(head, manifest: manifest)
        try administration.output.print(shown) {
            [shown.text, manifest].compactMap { $0 }.joined(separator: "\n")
        }
    }
}

/// A period for people and scripts.
struct ShownPeriod: Encodable {
    let period: String
    let zone: String
    let status: String
    let startsAt: String
    let endsAt: String
    let closedAt: String?
    let closedBy: String?
    let csvSHA256: String?
    let manifestSHA256: String?
    /// Where the audit trail's chains ended, as the manifest has it.
    let audit: Anchors?

    struct Anchors: Codable {
        let chains: Int64
        let digest: String
    }

    private struct Anchored: Decodable {
        let audit: Anchors?
    }

    private enum CodingKeys: String, CodingKey {
        case period, zone, status, startsAt, endsAt, closedAt, closedBy, audit
        case csvSHA256 = "csvSha256"
        case manifestSHA256 = "manifestSha256"
    }

    /// - Parameter manifest: of a closed month, for what only it has.
    init(_ head: PeriodHead, manifest: String? = nil) {
        period = head.period.description
        zone = head.zone
        status = head.status.rawValue
        startsAt = head.startsAt.description
        endsAt = head.endsAt.description
        closedAt = head.closing?.at.description
        closedBy = head.closing?.by
        csvSHA256 = head.closing?.csvDigest
        manifestSHA256 = head.closing?.manifestDigest
        audit = manifest.flatMap { try? JSONDecoder().decode(Anchored.self, from: Data($0.utf8)).audit }
    }

    var text: String {
        var lines = [
            "\(period) in \(zone): \(status)", "from \(startsAt) to \(endsAt), the end not included",
        ]
        if let closedAt, let closedBy { lines.append("closed at \(closedAt) by \(closedBy)") }
        if let csvSHA256 { lines.append("CSV SHA-256       \(csvSHA256)") }
        if let manifestSHA256 { lines.append("manifest SHA-256  \(manifestSHA256)") }
        return lines.joined(separator: "\n")
    }
}

struct ReportAdjustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adjust", abstract: "Correct a closed month, in the open one, with a reason.",
        discussion: "The closed month stays as it is; the correction names it and shows in today's month.")

    @Option(help: "The closed month that is corrected, as 2026-10.", transform: PeriodArgument.parse)
    var period: PeriodArgument
    @Option(help: "Whose figure.") var tenant: TenantID
    @Option(help: "Which figure, such as answered_memory or exchanges.") var meter: Meter
    @Option(name: .customLong("by"), parsing: .unconditional, help: "How many more; below zero: fewer.")
    var amount: Int64
    @Option(help: "Why; it is shown beside the figure for ever.") var reason: String
    @Option(help: "The client, where the correction is one client's.") var client: ClientID?
    @Option(help: "The provider, where it is one provider's.") var provider: ProviderID?
    @Option(help: "sandbox or production.") var environment: ProviderEnvironment?
    @OptionGroup var options: GlobalOptions

    private struct Result: Encodable {
        let period: String
        let bookedIn: String
        let tenant: String
        let meter: String
        let by: Int64
        let reason: String
    }

    func run() async throws {
        let administration = try Administration(options)
        let result = try await administration.withReports { ledger, zone in
            let period = try period.period(zone: zone)
            let key = UsageKey(
                tenant: tenant, client: client, provider: provider, environment: environment, meter: meter)
            let booked = try await ledger.adjust(
                period, key, by: amount, reason: reason, actor: administration.actor)
            return Result(
                period: period.description, bookedIn: booked.description, tenant: tenant.description,
                meter: meter.rawValue, by: amount, reason: reason)
        }
        try administration.output.print(result) {
            "\(result.meter) of \(result.period) is corrected by \(result.by), booked in \(result.bookedIn)."
        }
    }
}

extension BursarCore.Meter: ExpressibleByArgument {}

/// The ledger keeps the digest of the very file that the reports write.
extension CSVDigest: RowDigest {}
