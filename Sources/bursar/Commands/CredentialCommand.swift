// bursar credential …
import ArgumentParser
import BursarCore
import BursarGateway
import BursarLedger
import BursarProviders
import Foundation

struct CredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credential", abstract: "Ids and secrets with providers.",
        subcommands: [Set.self, List.self, Show.self, Activate.self])

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
        let createdAt: String

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
            createdAt = use.createdAt.description
        }
    }

    static func table(_ shown: [Shown]) -> String {
        TextTable(
            header: ["ID", "PROVIDER", "ENVIRONMENT", "CLIENT ID", "SECRET", "STATE", "TENANTS"],
            rows: shown.map {
                [
                    $0.id, $0.provider, $0.environment, $0.clientID ?? "-", $0.secret, $0.state,
                    $0.tenants.joined(separator: " "),
                ]
            }, empty: "There is no credential; `bursar credential set` sets one."
        ).text
    }
}

extension CredentialCommand {
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give tenants their id and secret with a provider.",
            discussion: """
                The first credential of a connection contacts nobody and is active at once, or pending with \
                --pending, when id and secret may come later. With several --tenant it is a platform \
                credential: its token lets each of them act for the others, so it is handed out only to a \
                client that acts for all, or where --share-token accepts that.
                """)

        @Option(help: "Provider profile.") var provider: ProviderID
        @Option(help: "sandbox or production.") var environment: ProviderEnvironment
        @Option(help: "The id that the provider gave.") var clientID: String?
        @Option(help: "A file that holds the secret.") var secretFile: String?
        @Flag(help: "Read the secret from standard input.") var secretStdin = false
        @Option(help: ArgumentHelp("Where the secret stays.", valueName: "file:NAME|env:NAME"))
        var secretRef: String?
        @Option(name: .customLong("tenant"), help: "A tenant that uses it; may be repeated.")
        var tenants: [TenantID] = []
        @Flag(help: "Accept that each tenant's client gets a token that acts for all of them.")
        var shareToken = false
        @Flag(help: "Not in use until `credential activate`, or until id and secret are set.")
        var pending = false
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            if tenants.isEmpty { throw ValidationError("Give at least one --tenant.") }
            if Swift.Set(tenants).count != tenants.count { throw ValidationError("A --tenant stands twice.") }
            let sources = [secretFile != nil, secretStdin, secretRef != nil].filter { $0 }.count
            if sources > 1 {
                throw ValidationError("Give one of --secret-file, --secret-stdin, --secret-ref.")
            }
            if !pending, sources == 0 || clientID == nil {
                throw ValidationError(
                    "Give --client-id and one of --secret-file, --secret-stdin, --secret-ref; or --pending.")
            }
            if let clientID, clientID.isEmpty || clientID.utf8.count > 1_024 || clientID.utf8.contains(0) {
                throw ValidationError("--client-id has 1 to 1024 bytes, and no NUL.")
            }
        }

        func run() async throws {
            let administration = try Administration(options)
            let profile = try administration.profile(provider)
            try checkProfile(profile, administration)
            let secret = try readSecret(administration)
            let input = CredentialInput(
                provider: provider, environment: environment, clientID: clientID,
                secret: secretRef.map { .reference($0) } ?? (secret == nil ? .missing : .given),
                tenants: tenants, sharesToken: shareToken, isPending: pending)
            let sealing = administration.sealing(try administration.vault(), secret: secret)
            let shown = try await administration.withLedger { ledger in
                let id = try await ledger.setCredential(input, sealing: sealing, by: administration.actor)
                return Shown(try await ledger.credential(id))
            }
            try administration.output.print(shown) {
                "The credential \(shown.id) for \(provider) \(environment) is \(shown.state)."
            }
            try await administration.finish(wait)
        }

        /// A profile that lacks a host or path cannot be used yet: says what to add.
        private func checkProfile(_ profile: ProviderProfile, _ administration: Administration) throws {
            guard let gap = profile.gap(in: environment) else { return }
            let catalogue = try administration.catalogue()
            throw CommandFailure(
                .refused,
                "the profile \(provider) is not complete for \(environment): the provider's document does "
                    + "not say it all. Put this into BURSAR_PROVIDERS_DIR/\(provider).yaml and fill it in:\n"
                    + catalogue.snippet(for: gap, id: provider, environment: environment))
        }

        private func readSecret(_ administration: Administration) throws -> Secret? {
            if let secretFile {
                guard let data = FileManager.default.contents(atPath: secretFile) else {
                    throw CommandFailure(.failed, "cannot read the secret file \(secretFile)")
                }
                return try SecretInput.secret(from: data, name: secretFile)
            }
            if secretStdin {
                return try SecretInput.secret(
                    from: try SecretInput.readStandardInput(), name: "standard input")
            }
            if let secretRef { try SecretInput.checkReference(secretRef) }
            return nil
        }
    }

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
        static let configuration = CommandConfiguration(abstract: "Put a pending credential into use.")
        @Argument(help: "Its id.") var id: CredentialID
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            try await administration.withLedger {
                try await $0.activateCredential(id, by: administration.actor)
            }
            try administration.output.print(Done(done: "activated", subject: id.description)) {
                "The credential \(id) is active."
            }
            try await administration.finish(wait)
        }
    }
}
