// bursar provider check: one real exchange, of which nothing is stored.
import ArgumentParser
import BursarCore
import BursarGateway
import BursarLedger
import BursarVault

struct ProviderCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Ask a provider for a token once, and say what came.",
        discussion:
            "A real exchange with a tenant's credential, or with one that is given. Nothing is stored.")

    @Argument(help: "Profile id.") var provider: ProviderID
    @Option(help: "sandbox or production.") var environment: ProviderEnvironment
    @Option(help: "Use this tenant's credential.") var tenant: TenantID?
    @Option(help: "Use this id, with --secret-stdin.") var clientID: String?
    @Flag(help: "Read the secret from standard input.") var secretStdin = false
    @Option(help: "Scope to ask for.") var scope: String?
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (tenant != nil) != (clientID != nil && secretStdin), tenant == nil || clientID == nil else {
            throw ValidationError("Give --tenant, or --client-id with --secret-stdin.")
        }
    }

    func run() async throws {
        let administration = try Administration(options)
        let profile = try administration.profile(provider)
        if let gap = profile.gap(in: environment) {
            throw CommandFailure(.refused, "\(provider) cannot be checked: \(ProviderCommand.text(gap))")
        }
        let (id, secret) = try await credential(administration)
        let trial = try await ProviderTrial.run(
            profile, environment, clientID: id, secret: secret, scope: scope, administration.settings)
        try administration.output.print(trial) { trial.text }
        if !trial.ok { throw CommandFailure(.failed, "the provider gave no token") }
    }

    private func credential(_ administration: Administration) async throws -> (String, Secret) {
        guard let tenant else {
            let secret = try SecretInput.secret(
                from: try SecretInput.readStandardInput(), name: "standard input")
            return (clientID ?? "", secret)
        }
        let name = ConnectionName(tenant: tenant, provider: provider, environment: environment)
        let (credential, keys) = try await administration.withLedger { ledger in
            let id = try await ledger.connection(name).connection.credential
            let credential = try await ledger.credential(id).credential
            return (credential, try await ledger.dataKeys(of: credential.owner))
        }
        guard let clientID = credential.clientID else {
            throw CommandFailure(.refused, "the credential \(credential.id) is pending: it has no id yet")
        }
        switch credential.secret {
        case .sealed(let sealed):
            let place = Credential.secretPlace(
                owner: credential.owner, provider: credential.provider, id: credential.id,
                version: credential.version)
            return (clientID, try administration.vault().open(sealed, with: keys, at: place))
        case .reference(let reference):
            return (clientID, try administration.secrets.read(reference))
        case .missing:
            throw CommandFailure(.refused, "the credential \(credential.id) is pending: it has no secret yet")
        }
    }
}
