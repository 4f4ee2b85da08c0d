// What administrative commands share: the database, the vault, who is typing.
import ArgumentParser
import BursarCore
import BursarGateway
import BursarLedger
import BursarProviders
import BursarVault
import Foundation
import Postgres
import Synchronization

/// Opens what a command needs, when it needs it.
struct Administration {
    let settings: Settings
    let output: Output

    init(_ options: GlobalOptions) throws {
        settings = try options.settings()
        output = Output(json: options.json)
    }

    /// Runs `body` with the ledger and closes the connection afterwards. `timeout` is for a single statement.
    func withLedger<R: Sendable>(
        timeout: Duration = .seconds(5), _ body: (Ledger) async throws -> R
    ) async throws -> R {
        let pool = PostgresPool(
            PostgresConfiguration(
                connectionString: settings.databaseURL, applicationName: "bursar-cli", queryTimeout: timeout,
                pooler: try settings.databasePooler(), watch: try await watch()),
            // As long as an attempt to connect may take, and more: nobody waits behind a person.
            pool: PostgresPoolConfiguration(size: 1, waitingTimeout: .seconds(10)))
        let ledger = Ledger(pool: pool, auditing: LateSealer(open: auditVault)) { call, _, error in
            if let error { Output.say("bursar: \(call.work): \(error)") }
        }
        do {
            let result = try await body(ledger)
            await pool.close()
            return result
        } catch {
            await pool.close()
            throw error
        }
    }

    /// Where several hosts may hold an old primary, a look at all of them: what is written there is lost.
    func watch() async throws -> PrimaryWatch? {
        let configuration = PostgresConfiguration(
            connectionString: settings.databaseURL, applicationName: "bursar-cli",
            pooler: try settings.databasePooler())
        guard configuration.choosesAmongPrimaries else { return nil }
        let watch = PrimaryWatch(configuration)
        await watch.probe()
        await watch.close()
        return watch
    }

    /// For one step of a report over many tenants.
    static let reportTimeout: Duration = .seconds(120)

    func vault() throws -> Vault { Vault(try Keyring.load(path: try settings.required(.keyringFile))) }

    /// For what is written to the audit trail, or verified.
    private func auditVault() throws -> Vault {
        guard let path = settings.text(.keyringFile), !path.isEmpty else {
            throw SettingsError(
                "BURSAR_KEYRING_FILE is not set: the audit trail, in which every change is recorded, has a "
                    + "key that the keyring opens; name the gateways' keyring. Nothing was changed")
        }
        return Vault(try Keyring.load(path: path))
    }

    /// Secrets that stay where the operator keeps them, as far as this machine can read them.
    var secrets: ConfinedSecrets {
        ConfinedSecrets(
            directory: settings.text(.secretsDirectory), environment: ProcessInfo.processInfo.environment)
    }

    func catalogue() throws -> ProfileCatalogue {
        try ProfileCatalogue.load(
            directory: settings.text(.providersDirectory), policy: try settings.networkPolicy())
    }

    /// The profile, or exit 3 with the ones there are.
    func profile(_ id: ProviderID) throws -> ProviderProfile {
        let catalogue = try catalogue()
        guard let profile = catalogue.profile(id) else {
            let known = catalogue.all.map(\.id.text)
            let nearest = nearestName(to: id.text, among: known).map { " (did you mean \($0)?)" } ?? ""
            throw CommandFailure(
                .notFound, "there is no provider \(id)\(nearest); known are \(known.joined(separator: ", "))")
        }
        return profile
    }

    func sealing(_ vault: Vault, secret: Secret?) -> Sealing {
        Sealing(
            makeKey: { try vault.makeDataKey(owner: $0, version: $1, under: $2) },
            seal: { key, place in
                guard let secret else { throw CommandFailure(.failed, "no secret was given to seal") }
                return try vault.seal(secret, with: key, at: place)
            })
    }

    /// For the audit trail: the operating system's word for who runs this.
    var actor: Actor {
        let environment = ProcessInfo.processInfo.environment
        let name = environment["SUDO_USER"] ?? NSUserName()
        return Actor("cli:\(name.isEmpty ? "unknown" : name)")
    }
}

/// Opens the keyring when the audit trail is first written to: what only reads needs none.
private final class LateSealer: AuditSealer {
    private let vault = Mutex<Vault?>(nil)
    private let open: @Sendable () throws -> Vault

    init(open: @escaping @Sendable () throws -> Vault) { self.open = open }

    func makeAuditKey(under keyID: String?) throws -> WrappedDataKey {
        try opened().makeAuditKey(under: keyID)
    }

    func auditMAC(of bytes: [UInt8], chain: TenantID, under key: WrappedDataKey) throws -> [UInt8] {
        try opened().auditMAC(of: bytes, chain: chain, under: key)
    }

    private func opened() throws -> Vault {
        if let vault = vault.withLock({ $0 }) { return vault }
        let opened = try open()
        vault.withLock { $0 = opened }
        return opened
    }
}

/// A result that is no more than "done": JSON says what was done to what.
struct Done: Encodable {
    let done: String
    let subject: String
}

// Ids as arguments: a malformed one is wrong usage, told before anything is opened.
extension TenantID: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension CredentialID: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension ProviderID: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension ClientID: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension ProviderEnvironment: ExpressibleByArgument {}
