// bursar credential …
import ArgumentParser
import BursarCore
import BursarLedger

struct CredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credential", abstract: "Ids and secrets with providers.",
        subcommands: [Set.self, List.self, Show.self, Activate.self, Retire.self])

    struct Shown: Encodable {
        let id: String
        let provider: String
        let environment: String
        let clientID: String?
        let secret: String
        let state: String
        let version: Int
        let platform: Bool
        let sharesToken: Bool
        let tenants: [String]
        let formerOf: [String]
        let nextOf: [String]
        let createdAt: String
        let retiresAt: String?

        init(_ use: CredentialUse) {
            let credential = use.credential
            id = credential.id.description
            provider = credential.provider.text
            environment = credential.environment.rawValue
            clientID = credential.clientID
            secret =
                switch credential.secret {
                case .sealed: "sealed"
                case .reference(let reference): reference
                case .missing: "missing"
                }
            state = credential.state.rawValue
            version = credential.version
            platform = credential.isPlatform
            sharesToken = credential.sharesToken
            tenants = use.tenants.map(\.description)
            formerOf = use.formerOf.map(\.description)
            nextOf = use.nextOf.map(\.description)
            createdAt = use.createdAt.description
            retiresAt = use.retiresAt?.description
        }
    }

    static func table(_ shown: [Shown]) -> String {
        TextTable(
            header: ["ID", "PROVIDER", "ENVIRONMENT", "CLIENT ID", "SECRET", "STATE", "UNTIL", "TENANTS"],
            rows: shown.map {
                [
                    $0.id, $0.provider, $0.environment, $0.clientID ?? "-", $0.secret, $0.state,
                    $0.retiresAt ?? "-", ($0.tenants + $0.formerOf + $0.nextOf).joined(separator: " "),
                ]
            }, empty: "There is no credential; `bursar credential set` sets one."
        ).text
    }
}

extension CredentialCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List credentials.")
        @Option(help: "Only those that this tenant uses.") var tenant: TenantID?
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            let shown = try await administration.withLedger { try await $0.credentials(of: tenant) }
                .map(Shown.init)
            try administration.output.print(shown) { CredentialCommand.table(shown) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a credential; never its secret.")
        @Argument(help: "Its id.") var id: CredentialID
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            let shown = Shown(try await administration.withLedger { try await $0.credential(id) })
            try administration.output.print(shown) { CredentialCommand.table([shown]) }
        }
    }

    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a pending credential into use, or go back to a replaced one.",
            discussion: """
                The provider is not asked. The credential that it replaces is kept as long as the one before \
                would have been; `credential set --overlap` said how long.
                """)
        @Argument(help: "Its id.") var id: CredentialID
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            let change = try await administration.withLedger { ledger in
                let outcome = try await ledger.activateCredential(id, by: administration.actor)
                return try await Change(outcome, in: ledger)
            }
            try administration.output.print(Activated(change: change, subject: id.description)) {
                "The credential \(id) is active." + change.text
            }
            try await administration.finish(wait)
        }

        private struct Activated: Encodable {
            let done = "activated"
            let subject: String
            let replaces: String?
            let replacedUntil: String?
            let retired: [String]

            init(change: Change, subject: String) {
                self.subject = subject
                (replaces, replacedUntil, retired) = (change.replaces, change.replacedUntil, change.retired)
            }
        }
    }

    struct Retire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Withdraw a credential that no connection presently uses, and its tokens.")
        @Argument(help: "Its id.") var id: CredentialID
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            try await administration.withLedger {
                try await $0.retireCredential(id, by: administration.actor)
            }
            try administration.output.print(Done(done: "retired", subject: id.description)) {
                "The credential \(id) is withdrawn; gateways drop its tokens within 5 s."
            }
            try await administration.finish(wait)
        }
    }

    /// What became of the credentials that another has replaced.
    struct Change: Encodable {
        let replaces: String?
        let replacedUntil: String?
        let retired: [String]

        init(_ outcome: CredentialOutcome, in ledger: Ledger) async throws {
            replaces = outcome.former?.description
            retired = outcome.retired.map(\.description)
            if let former = outcome.former {
                replacedUntil = try await ledger.credential(former).retiresAt?.description
            } else {
                replacedUntil = nil
            }
        }

        /// Begins with a space.
        var text: String {
            var text = ""
            if let replaces, let replacedUntil {
                text += " It replaces \(replaces), which is kept until \(replacedUntil): "
                text += "`bursar credential activate \(replaces)` goes back."
            }
            if !retired.isEmpty { text += " Withdrawn at once: \(retired.joined(separator: ", "))." }
            return text
        }
    }
}
