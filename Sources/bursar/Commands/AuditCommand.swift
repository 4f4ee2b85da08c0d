// bursar audit …
import ArgumentParser
import BursarCore
import BursarLedger
import BursarVault
import Foundation

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who changed what, and whether the trail of it is whole.",
        subcommands: [List.self, Verify.self])

    static func name(_ chain: TenantID?) -> String? {
        chain.map { $0 == AuditChain.platform ? "platform" : $0.description }
    }
}

// MARK: list

extension AuditCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the audit trail, the newest last.",
            discussion: "Rows without a number are from before the trail was chained.")
        @Option(help: "Only this tenant's.") var tenant: TenantID?
        @Option(help: "Not before, as 2026-10-01 or 2026-10-01T12:00:00Z.", transform: AuditTime.parse)
        var since: Instant?
        @Option(help: "Before this.", transform: AuditTime.parse) var until: Instant?
        @Option(help: "Only this action, as client.issued.") var action: String?
        @Option(help: "The newest so many.") var limit: Int?
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            if let limit, limit < 1 { throw ValidationError("--limit is a number from 1 on.") }
        }

        func run() async throws {
            let administration = try Administration(options)
            let filter = AuditFilter(
                tenant: tenant, since: since, until: until, action: action, limit: limit)
            let printer = AuditPrinter(json: options.json)
            try await administration.withLedger(timeout: Administration.reportTimeout) { ledger in
                try await ledger.auditTrail(filter) { rows in try printer.print(rows) }
            }
            try printer.end()
        }
    }
}

/// A time as people write it in flags: RFC 3339, or a day in UTC.
enum AuditTime {
    static func parse(_ text: String) throws -> Instant {
        let full = text.utf8.count == 10 ? text + "T00:00:00Z" : text
        for includesFraction in [false, true] {
            let format = Date.ISO8601FormatStyle(includingFractionalSeconds: includesFraction)
            if let date = try? format.parse(full) {
                return Instant(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded()))
            }
        }
        throw ValidationError("'\(text)' is no time: write it as 2026-10-01 or 2026-10-01T12:00:00Z.")
    }
}

// MARK: verify

extension AuditCommand {
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Find rows that were altered, deleted, reordered or cut off; exit 1 when there are any.",
            discussion: """
                Walks along every chain, recomputes what authenticates each row, and holds chains against \
                their heads and against the anchors that closed months keep. With --tenant manifests are not \
                compared. What was cut off after the last closed month, by somebody who also set the head \
                back, cannot be seen: docs/RUNBOOK.md says what to do about it.
                """)
        @Option(help: "Only this tenant's chain.") var tenant: TenantID?
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            let count = try await administration.withLedger(timeout: Administration.reportTimeout) { ledger in
                let result = try await verify(ledger)
                let shown = ShownAudit(result)
                try administration.output.print(shown) { shown.text }
                // Last: what was found is told even where it cannot be noted.
                if tenant == nil { try await ledger.note(result) }
                return result.findings.count
            }
            guard count == 0 else {
                let findings = count == 1 ? "1 finding" : "\(count) findings"
                throw CommandFailure(
                    .failed, "the audit trail is NOT what was written: \(findings), see above")
            }
        }

        private func verify(_ ledger: Ledger) async throws -> AuditVerification {
            do {
                return try await ledger.verifyAudit(of: tenant)
            } catch let error as VaultError {
                throw CommandFailure(
                    .failed, "the keyring does not open the audit key, so nothing was verified: \(error)")
            }
        }
    }
}

/// What a verification of the trail found.
private struct ShownAudit: Encodable {
    struct Finding: Encodable {
        let businessUUID: String?
        let seq: Int64?
        let eventID: String?
        let what: String
        let finding: String

        init(_ finding: AuditFinding) {
            businessUUID = finding.chain?.description
            seq = finding.sequence
            eventID = finding.event?.description
            what = finding.kind.rawValue
            self.finding = finding.text
        }
    }

    let verified: Bool
    let chains: Int64
    let rows: Int64
    let unchained: Int64
    let anchors: Int64
    let findingCount: Int
    let findings: [Finding]

    init(_ result: AuditVerification) {
        verified = result.findings.count == 0
        chains = result.chains
        rows = result.rows
        unchained = result.unchained
        anchors = result.anchors
        findingCount = result.findings.count
        findings = result.findings.first.map(Finding.init)
    }

    var text: String {
        let lines = findings.map { finding in
            let place = [
                AuditCommand.name(finding.businessUUID.flatMap { TenantID($0) }),
                finding.seq.map { "#\($0)" }, finding.eventID,
            ]
            let location = place.compactMap { $0 }.joined(separator: " ")
            return
                "\(finding.what.uppercased())  \(location.isEmpty ? "" : location + ": ")\(finding.finding)"
        }
        let more = findingCount - findings.count
        let rest = more > 0 ? ["… and \(more) more"] : []
        let sums =
            "\(rows) rows in \(chains) chains, \(anchors) anchors of closed months, "
            + "\(unchained) rows from before there were chains."
        return (lines + rest + [sums, verified ? "All of it is as written." : "It is NOT all as written."])
            .joined(separator: "\n")
    }
}
