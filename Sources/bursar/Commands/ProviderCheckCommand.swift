// bursar provider check: one real exchange, of which nothing is stored.
import ArgumentParser
import BursarCore
import BursarGateway
import BursarLedger
import BursarProviders
import BursarVault
import Foundation
import Logging
import NIOPosix

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

    private struct Result: Encodable {
        let provider: String
        let environment: String
        let ok: Bool
        let reason: String?
        let fault: String?
        let httpStatus: Int?
        let latencyMS: Double
        let lifetimeSeconds: Int64?
        let refreshToken: Bool
    }

    func run() async throws {
        let administration = try Administration(options)
        let profile = try administration.profile(provider)
        if let gap = profile.gap(in: environment) {
            throw CommandFailure(.refused, "\(provider) cannot be checked: \(ProviderCommand.text(gap))")
        }
        let (id, secret) = try await credential(administration)
        let report = try await exchange(profile, id, secret, administration.settings)
        let result = result(of: report)
        try administration.output.print(result) { text(result) }
        if !result.ok { throw CommandFailure(.failed, "the provider gave no token") }
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
            let secrets = ConfinedSecrets(
                directory: administration.settings.text(.secretsDirectory),
                environment: ProcessInfo.processInfo.environment)
            return (clientID, try secrets.read(reference))
        case .missing:
            throw CommandFailure(.refused, "the credential \(credential.id) is pending: it has no secret yet")
        }
    }

    private func exchange(
        _ profile: ProviderProfile, _ id: String, _ secret: Secret, _ settings: Settings
    ) async throws -> ExchangeReport<TokenReply> {
        let resolved: String?
        do {
            resolved = try profile.scopes.resolve(scope)
        } catch {
            throw CommandFailure(.wrongUsage, "\(provider) has no scope \(error.scope)")
        }
        let client = try HTTPProviderClient(
            policy: try settings.networkPolicy(), certificateAuthorities: settings.text(.providerCAFile),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "bursar"))
        let report = await client.exchange(
            TokenGrant(
                profile: profile, environment: environment, clientID: id, clientSecret: secret,
                scope: resolved, step: .full, deadline: profile.limits.timeout))
        await client.shutdown()
        return report
    }

    private func result(of report: ExchangeReport<TokenReply>) -> Result {
        var reply: TokenReply?
        var failure: ExchangeFailure?
        switch report.result {
        case .success(let success): reply = success
        case .failure(let error): failure = error
        }
        return Result(
            provider: provider.text, environment: environment.rawValue, ok: reply != nil,
            reason: failure?.reason.rawValue, fault: failure?.reason.fault.rawValue,
            httpStatus: report.status,
            latencyMS: Double(report.latency.microseconds) / 1_000,
            lifetimeSeconds: reply?.lifetime.components.seconds, refreshToken: reply?.refreshToken != nil)
    }

    private func text(_ result: Result) -> String {
        let status = result.httpStatus.map { "HTTP \($0)" } ?? "no reply"
        let milliseconds = String(format: "%.1f ms", result.latencyMS)
        if let lifetime = result.lifetimeSeconds {
            let refresh = result.refreshToken ? ", with a refresh token" : ""
            return
                "\(provider) \(environment): a token for \(lifetime) s\(refresh) (\(status), \(milliseconds))"
        }
        let reason = result.reason ?? "unknown"
        return "\(provider) \(environment): no token: \(reason), fault \(result.fault ?? "?") "
            + "(\(status), \(milliseconds))"
    }
}
