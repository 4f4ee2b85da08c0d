// bursar keys …
import ArgumentParser
import BursarLedger
import BursarVault

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Key-encryption keys.", subcommands: [Status.self])

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Which keys the keyring holds, and what is sealed under each.")
        @OptionGroup var options: GlobalOptions

        private struct Row: Encodable {
            let id: String
            let inKeyring: Bool
            let seals: Bool
            let dataKeys: Int64
            let peppers: Int64
            let auditKeys: Int64
        }

        func run() async throws {
            let administration = try Administration(options)
            let vault = try administration.vault()
            let uses = try await administration.withLedger { try await $0.keyUses() }
            let held = vault.keyIDs
            let foreign = uses.map(\.keyID).filter { !held.contains($0) }
            let rows = (held + foreign).map { id in
                let use = uses.first { $0.keyID == id }
                return Row(
                    id: id, inKeyring: held.contains(id), seals: id == vault.sealingKeyID,
                    dataKeys: use?.dataKeys ?? 0, peppers: use?.peppers ?? 0,
                    auditKeys: use?.auditKeys ?? 0)
            }
            try administration.output.print(rows) {
                TextTable(
                    header: ["KEY", "IN KEYRING", "SEALS", "DATA KEYS", "PEPPERS", "AUDIT KEYS"],
                    rows: rows.map {
                        [
                            $0.id, $0.inKeyring ? "yes" : "NO", $0.seals ? "yes" : "no",
                            String($0.dataKeys), String($0.peppers), String($0.auditKeys),
                        ]
                    }, empty: "There is no key."
                ).text
            }
            if let missing = foreign.first {
                throw CommandFailure(
                    .failed,
                    "stored values are sealed under \(missing), which the keyring lacks: put its line back")
            }
        }
    }
}
