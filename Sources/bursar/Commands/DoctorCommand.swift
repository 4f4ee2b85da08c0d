// bursar doctor: one line each, and what to do.
import ArgumentParser
import BursarCore
import BursarLedger
import BursarProviders
import BursarVault
import Foundation
import Postgres

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check database, roles, keyring, profiles and clock.",
        discussion: "Exits 1 when something has to be mended.")
    @OptionGroup var options: GlobalOptions

    struct Finding: Encodable {
        let check: String
        let ok: Bool
        let finding: String
        /// Only in the line of a replica.
        var replica: ReplicaShown?

        static func good(_ check: String, _ finding: String) -> Finding {
            Finding(check: check, ok: true, finding: finding)
        }

        static func bad(_ check: String, _ finding: String) -> Finding {
            Finding(check: check, ok: false, finding: finding)
        }
    }

    struct ReplicaShown: Encodable {
        let id: String
        let host: String
        let program: String
        let startedAt: String
        let heartbeatAgeSeconds: Double
        let appliedVersion: Int64?
        let share: Double
        let keys: [String]

        init(_ record: ReplicaRecord) {
            id = record.id.description
            host = record.label.name
            program = record.label.program
            startedAt = record.startedAt.description
            heartbeatAgeSeconds = record.silence.fractionalSeconds
            appliedVersion = record.applied?.number
            share = Double(record.share.millionths) / 1_000_000
            keys = record.keyIDs
        }
    }

    func run() async throws {
        let administration = try Administration(options)
        var findings = [profiles(administration)]
        let (keyring, vault) = keyring(administration)
        findings.append(keyring)
        findings += await database(administration, vault)
        try administration.output.print(findings) {
            findings.map { "\($0.ok ? "ok  " : "BAD ") \($0.check): \($0.finding)" }.joined(separator: "\n")
        }
        guard findings.allSatisfy(\.ok) else {
            throw CommandFailure(.failed, "\(findings.filter { !$0.ok }.count) to mend, see above")
        }
    }

    private func profiles(_ administration: Administration) -> Finding {
        do {
            return .good(
                "profiles", try administration.catalogue().all.map(\.id.text).joined(separator: ", "))
        } catch {
            return .bad("profiles", "\(error)")
        }
    }

    private func keyring(_ administration: Administration) -> (Finding, Vault?) {
        do {
            let vault = try administration.vault()
            return (.good("keyring", vault.keyIDs.joined(separator: ", ")), vault)
        } catch {
            return (.bad("keyring", "\(error)"), nil)
        }
    }

    private func database(_ administration: Administration, _ vault: Vault?) async -> [Finding] {
        do {
            return try await administration.withLedger { ledger in
                let diagnosis = try await ledger.diagnose()
                var findings = [server(diagnosis), role(diagnosis), clock(diagnosis)]
                findings.append(schema(try await ledger.compatibility()))
                if let vault, findings.allSatisfy(\.ok) {
                    findings.append(try await keys(ledger, vault))
                    findings.append(partitions(diagnosis))
                    findings += replicas(try await ledger.replicas())
                }
                return findings
            }
        } catch let error as PostgresError {
            return [.bad("database", Failure.advice(on: error))]
        } catch {
            return [.bad("database", "\(error)")]
        }
    }

    private func server(_ diagnosis: DatabaseDiagnosis) -> Finding {
        let server = "PostgreSQL \(diagnosis.serverVersion)"
        guard !diagnosis.isStandby else {
            return .bad("database", "\(server) is a standby; point at the primary")
        }
        guard diagnosis.missingFunctions.isEmpty else {
            let functions = diagnosis.missingFunctions.joined(separator: ", ")
            return .bad(
                "database",
                "\(diagnosis.user) may not ask \(server) for its timeline, and gateways use no server "
                    + "that does not tell it; GRANT EXECUTE ON FUNCTION \(functions) TO bursar_gateway")
        }
        return .good("database", "\(server), user \(diagnosis.user)")
    }

    private func role(_ diagnosis: DatabaseDiagnosis) -> Finding {
        diagnosis.isGatewayMember
            ? .good("role", "\(diagnosis.user) may act as bursar_gateway")
            : .bad("role", "grant bursar_gateway to \(diagnosis.user), or run `bursar migrate` first")
    }

    private func clock(_ diagnosis: DatabaseDiagnosis) -> Finding {
        let here = Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        let apart = abs((here - diagnosis.now).fractionalSeconds)
        let text = String(format: "%.1f s apart from the database's", apart)
        return apart < 5 ? .good("clock", text) : .bad("clock", text + "; synchronise both with NTP")
    }

    private func schema(_ compatibility: Migrator.Compatibility) -> Finding {
        switch compatibility {
        case .fits: .good("schema", "fits this program")
        case .behind(let name): .bad("schema", "\(name) is missing; run `bursar migrate`")
        case .tooNew(let name):
            .bad("schema", "needs a program that knows migration \(name); use a later release")
        }
    }

    private func keys(_ ledger: Ledger, _ vault: Vault) async throws -> Finding {
        for sample in try await ledger.sampleKeys() {
            do {
                try vault.check(sample)
            } catch {
                return .bad("keys", "\(sample.keyID): \(error)")
            }
        }
        let policy = try await ledger.keyPolicy()
        let sealing = policy.sealing ?? vault.sealingKeyID
        guard vault.keyIDs.contains(sealing) else {
            return .bad("keys", "\(VaultError.sealingKeyMissing(sealing))")
        }
        let text = "the keyring opens what is stored; \(sealing) seals"
        let pending = try await ledger.keyUses().filter { $0.keyID != sealing }.map(\.rows).reduce(0, +)
        guard pending == 0 else {
            return .good("keys", "\(text), \(pending) rows are under others: `bursar keys rewrap`")
        }
        let idle = policy.retired.filter(vault.keyIDs.contains).joined(separator: ", ")
        return .good("keys", idle.isEmpty ? text : "\(text); retired, take their lines away: \(idle)")
    }

    private func partitions(_ diagnosis: DatabaseDiagnosis) -> Finding {
        let stray = diagnosis.defaultPartitionRows ?? 0
        return stray == 0
            ? .good("partitions", "the default one is empty")
            : .bad("partitions", "\(stray) or more rows lie in the default one; see the runbook")
    }

    private func replicas(_ records: [ReplicaRecord]) -> [Finding] {
        guard !records.isEmpty else { return [.good("replicas", "none is running")] }
        return records.map { record in
            let share = String(format: "%.1f %%", Double(record.share.millionths) / 10_000)
            let text =
                "\(record.label.name) (\(record.id)), program \(record.label.program), version "
                + "\(record.versionText), heard \(record.silenceSeconds) s ago, share \(share), keys "
                + record.keyIDs.joined(separator: " ")
            var finding = Finding.good("replica", text)
            if !record.isLive {
                finding = .bad(
                    "replica",
                    text
                        + "; silent: start it again on its state directory, or wait a minute till the others "
                        + "take its share; if it still runs, look at its connection to PostgreSQL")
            } else if let behind = record.behind, behind > ReplicaRecord.patience {
                finding = .bad(
                    "replica",
                    text
                        + "; behind by \(behind.secondsRoundedUp) s: what was withdrawn since works there; "
                        + "look into its log, stop it if that must not be")
            }
            finding.replica = ReplicaShown(record)
            return finding
        }
    }
}
