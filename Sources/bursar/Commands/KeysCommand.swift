// bursar keys …
import ArgumentParser
import BursarCore
import BursarLedger
import BursarVault

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Key-encryption keys.",
        subcommands: [Status.self, Rotate.self, Rewrap.self, Retire.self])

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Which keys the keyring holds, and what is sealed under each.")
        @OptionGroup var options: GlobalOptions

        private struct Row: Encodable {
            let id: String
            let inKeyring: Bool
            let seals: Bool
            let retired: Bool
            let dataKeys: Int64
            let peppers: Int64
            let auditKeys: Int64

            /// What is wrapped under it.
            var uses: Int64 { dataKeys + peppers + auditKeys }
            /// A key whose lack does harm.
            var isMissing: Bool { !inKeyring && (seals || uses > 0) }
        }

        func run() async throws {
            let administration = try Administration(options)
            let vault = try administration.vault()
            let (uses, policy) = try await administration.withLedger { ledger in
                (try await ledger.keyUses(), try await ledger.keyPolicy())
            }
            let sealing = policy.sealing ?? vault.sealingKeyID
            let rows = Self.ids(vault.keyIDs, uses, policy, sealing).map { id in
                let use = uses.first { $0.keyID == id }
                return Row(
                    id: id, inKeyring: vault.keyIDs.contains(id), seals: id == sealing,
                    retired: policy.retired.contains(id), dataKeys: use?.dataKeys ?? 0,
                    peppers: use?.peppers ?? 0, auditKeys: use?.auditKeys ?? 0)
            }
            try administration.output.print(rows) { Self.table(rows).text }
            guard let missing = rows.first(where: \.isMissing) else { return }
            throw CommandFailure(
                .failed,
                missing.uses > 0
                    ? "\(VaultError.keyMissing(missing.id))" : "\(VaultError.sealingKeyMissing(missing.id))")
        }

        /// The keyring's first, in its order; then those that are only heard of.
        private static func ids(
            _ keyring: [String], _ uses: [KeyUse], _ policy: KeyPolicy, _ sealing: String
        ) -> [String] {
            let others = Set([sealing] + uses.map(\.keyID) + policy.retired).subtracting(keyring)
            return keyring + others.sorted()
        }

        private static func table(_ rows: [Row]) -> TextTable {
            TextTable(
                header: ["KEY", "IN KEYRING", "SEALS", "RETIRED", "DATA KEYS", "PEPPERS", "AUDIT KEYS"],
                rows: rows.map { row in
                    [
                        row.id, row.isMissing ? "NO" : yesNo(row.inKeyring), yesNo(row.seals),
                        yesNo(row.retired), String(row.dataKeys), String(row.peppers),
                        String(row.auditKeys),
                    ]
                }, empty: "There is no key.")
        }

        private static func yesNo(_ value: Bool) -> String { value ? "yes" : "no" }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "From now on seal data keys and peppers under this key of the keyring.")
        @Argument(help: "The key's id, as the keyring has it.") var id: String
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            let vault = try administration.vault()
            guard vault.keyIDs.contains(id) else {
                throw CommandFailure(
                    .notFound,
                    "this keyring has no key \(id), it has \(vault.keyIDs.joined(separator: ", ")); add its "
                        + "line to every gateway's keyring first")
            }
            let id = id
            let isNews = try await administration.withLedger { ledger in
                try vault.checkAll(try await ledger.sampleKeys(), under: id)
                return try await ledger.rotateKey(to: id, by: administration.actor)
            }
            try administration.output.print(Done(done: "rotated", subject: id)) {
                isNews
                    ? "The key \(id) seals from now on. `bursar keys rewrap` brings what is stored under it."
                    : "The key \(id) seals already."
            }
        }
    }

    struct Rewrap: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Wrap every data key and pepper under the key that seals, while gateways serve.",
            discussion: "May be ended and run again at any time, and run twice at once.")
        @OptionGroup var options: GlobalOptions

        private struct Result: Encodable {
            let sealing: String
            let dataKeys: Int
            let peppers: Int
            let auditKeys: Int
        }

        func run() async throws {
            let administration = try Administration(options)
            let vault = try administration.vault()
            let done = try await administration.withLedger(timeout: .seconds(60)) { ledger in
                // Said before anything is done: no key is wrapped that could not be opened everywhere again.
                try vault.checkAll(try await ledger.sampleKeys())
                let all = try await ledger.keyUses().map(\.dataKeys).reduce(0, +)
                var said = 0
                return try await ledger.rewrapKeys(
                    keyring: vault.keyIDs, by: administration.actor,
                    rewrap: { try vault.rewrap($0, under: $1) }
                ) { done in
                    guard done.dataKeys >= said + 1_000 else { return }
                    said = done.dataKeys
                    Output.say("bursar: \(said) data keys of at most \(all)")
                }
            }
            let result = Result(
                sealing: done.sealing, dataKeys: done.dataKeys, peppers: done.peppers,
                auditKeys: done.auditKeys)
            try administration.output.print(result) {
                "\(result.dataKeys) data keys, \(result.peppers) peppers and \(result.auditKeys) audit keys "
                    + "were wrapped under \(result.sealing); all are now."
            }
        }
    }

    struct Retire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a key up, once nothing is sealed under it.",
            discussion: "Refused while a row, or a replica, still needs the key.")
        @Argument(help: "The key's id, as the keyring has it.") var id: String
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            let vault = try administration.vault()
            let id = id
            let isNews = try await administration.withLedger { ledger in
                try await ledger.retireKey(id, keyring: vault.keyIDs, by: administration.actor)
            }
            try administration.output.print(Done(done: "retired", subject: id)) {
                (isNews ? "The key \(id) is retired" : "The key \(id) is retired already")
                    + ": its line may now be removed from every keyring. Keep a copy for as long as you keep "
                    + "dumps that were made before."
            }
        }
    }
}

extension Vault {
    /// Tries stored keys, so that a keyring with another key under a known id is found out before it seals.
    fileprivate func checkAll(_ keys: [WrappedDataKey], under id: String? = nil) throws {
        for key in keys where id == nil || key.keyID == id {
            do throws(VaultError) {
                try check(key)
            } catch {
                throw CommandFailure(.failed, "\(key.keyID): \(error)")
            }
        }
    }
}
