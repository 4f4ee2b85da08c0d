// bursar report verify
import ArgumentParser
import BursarCore
import BursarLedger
import BursarReports
import Foundation

struct ReportVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Add a month up in five ways, and fail when two of them differ.",
        discussion: """
            total: the rows of the report. tenants: its tenants together, by month. days: its days together. \
            minutes: what was counted. batches: what the gateways delivered. A closed month is also held \
            against its manifest, and the manifests against each other.
            """)

    @Option(help: PeriodArgument.help, transform: PeriodArgument.parse) var period: PeriodArgument
    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let administration = try Administration(options)
        let result = try await administration.withReports { ledger, zone in
            try await verify(try period.period(zone: zone), ledger)
        }
        try administration.output.print(result) { result.text }
        guard result.verified else { throw CommandFailure(.failed, result.problems.joined(separator: "\n")) }
    }

    private func verify(_ period: ReportPeriod, _ ledger: Ledger) async throws -> Verification {
        let head = try await ledger.head(of: period)
        Output.say("Adding up \(period) (\(head.zone), \(head.status.rawValue)) …")
        let sums = try await ledger.sums(of: period)
        var problems = sums.differences
        if let closing = head.closing {
            Output.say("Checking \(period) against its manifest …")
            problems += try await ledger.brokenManifests()
            problems += try await ledger.manifestDifferences(of: period, from: sums.total)
            let digest = CSVDigest()
            try await ledger.reading(period, .all) { reader async throws in
                try await reader.rows(by: nil) { digest.add($0, head: head) }
            }
            let found = digest.finish()
            if found != closing.csvDigest {
                problems.append(
                    "the rows of \(period) have the SHA-256 \(found), its manifest says "
                        + "\(closing.csvDigest): the snapshot was altered")
            }
        }
        return Verification(head: head, sums: sums, problems: problems)
    }
}

/// What a verification found.
struct Verification: Encodable {
    struct Sum: Encodable {
        let name: String
        let answers: Int64
        let refused: Int64
        let failed: Int64
        let exchanges: Int64
        let unavailable: String?

        init(_ sum: ReportSum) {
            name = sum.name
            answers = sum.counts.answers
            refused = sum.counts.refused
            failed = sum.counts.failed
            exchanges = sum.counts[.exchanges]
            unavailable = sum.unavailable
        }

        var row: [String] { [name] + [answers, refused, failed, exchanges].map(String.init) }
    }

    let period: String
    let zone: String
    let status: String
    let verified: Bool
    let sums: [Sum]
    /// Booked in the month for closed ones: part of its report, and of none of the sums.
    let corrections: Sum
    let problems: [String]

    init(head: PeriodHead, sums: PeriodSums, problems: [String]) {
        period = head.period.description
        zone = head.zone
        status = head.status.rawValue
        verified = problems.isEmpty
        self.sums = sums.sums.map(Sum.init)
        corrections = Sum(ReportSum(name: "corrections", counts: sums.corrections))
        self.problems = problems
    }

    var text: String {
        let table = TextTable(
            header: ["\(period) \(zone) \(status)", "ANSWERS", "REFUSED", "FAILED", "EXCHANGES"],
            rows: sums.map { sum in
                guard sum.unavailable == nil else { return [sum.name, "-", "-", "-", "-"] }
                return sum.row
            } + [corrections.row], empty: "")
        let notes = sums.compactMap { sum in sum.unavailable.map { "\(sum.name): \($0)" } }
        let verdict = verified ? "All agree." : "They do NOT agree."
        return ([table.text] + notes + [verdict]).joined(separator: "\n")
    }
}
