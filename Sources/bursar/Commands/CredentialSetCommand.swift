// bursar credential set: the first one of a connection, or one that replaces it.
import ArgumentParser
import BursarCore
import BursarGateway
import BursarLedger
import BursarProviders
import Foundation

extension CredentialCommand {
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give tenants their id and secret with a provider.",
            discussion: """
                The first credential of a connection contacts nobody and is active at once, or pending with \
                --pending, when id and secret may come later. A further one is tried with the provider: if a \
                token comes, it replaces the present one, which is kept for --overlap, and used when the \
                provider rejects the new one; else nothing changes (exit 4). With --pending nobody is \
                contacted, and `credential activate` makes the change. With several --tenant it is a \
                platform credential: its token lets each of them act for the others, so it is handed out \
                only to a client that acts for all, or where --share-token accepts that.
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
        @Option(help: "How long a credential that it replaces is kept, as 24h, 30m; 0s: not at all.")
        var overlap: String?
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
            if let overlap, Lifetime.parse(overlap, from: 0).map({ $0 > .seconds(31_536_000) }) ?? true {
                throw ValidationError("--overlap takes a number of d, h, m or s up to 365d, as 24h.")
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
            var input = CredentialInput(
                provider: provider, environment: environment, clientID: clientID,
                secret: secretRef.map { .reference($0) } ?? (secret == nil ? .missing : .given),
                tenants: tenants, sharesToken: shareToken, isPending: pending,
                overlap: overlap.flatMap { Lifetime.parse($0, from: 0) })
            let sealing = administration.sealing(try administration.vault(), secret: secret)
            let result = try await administration.withLedger { ledger in
                var exchange: ProviderTrial?
                if !pending, let present = try await ledger.credentialReplaced(by: input) {
                    exchange = try await verify(
                        try secret ?? referredSecret(administration), profile, insteadOf: present,
                        administration)
                    input.isVerified = true
                }
                let outcome = try await ledger.setCredential(
                    input, sealing: sealing, by: administration.actor)
                let shown = Shown(try await ledger.credential(outcome.credential))
                return Result(
                    shown: shown, change: try await Change(outcome, in: ledger), exchange: exchange)
            }
            try administration.output.print(result) { text(result) }
            try await administration.finish(wait)
        }

        /// A credential, what it has replaced, and what the provider said of it.
        private struct Result: Encodable {
            let shown: Shown
            let change: Change
            let exchange: ProviderTrial?

            private enum CodingKeys: CodingKey { case exchange }

            func encode(to encoder: any Encoder) throws {
                try shown.encode(to: encoder)
                try change.encode(to: encoder)
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encodeIfPresent(exchange, forKey: .exchange)
            }
        }

        private func text(_ result: Result) -> String {
            let seen = result.exchange.map { "\($0.text)\n" } ?? ""
            return seen + "The credential \(result.shown.id) for \(provider) \(environment) is "
                + "\(result.shown.state)." + result.change.text
        }

        /// One real exchange: what does not work must not replace what does.
        private func verify(
            _ secret: Secret, _ profile: ProviderProfile, insteadOf present: CredentialID,
            _ administration: Administration
        ) async throws -> ProviderTrial {
            let trial = try await ProviderTrial.run(
                profile, environment, clientID: clientID ?? "", secret: secret, scope: nil,
                administration.settings)
            guard trial.ok else {
                let advice =
                    trial.fault == Fault.credential.rawValue
                    ? "check id and secret"
                    : "try again when the provider answers, or store it with --pending and put it into use "
                        + "with `bursar credential activate`"
                throw CommandFailure(
                    .refused,
                    "\(trial.text); nothing was changed, and the credential \(present) stays in use: "
                        + advice)
            }
            return trial
        }

        private func referredSecret(_ administration: Administration) throws -> Secret {
            do {
                return try administration.secrets.read(secretRef ?? "")
            } catch {
                throw CommandFailure(
                    .refused,
                    "\(error), so the provider cannot be asked; nothing was changed. Run this where the "
                        + "secret can be read, or store the credential with --pending and put it into use "
                        + "with `bursar credential activate`")
            }
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
}
