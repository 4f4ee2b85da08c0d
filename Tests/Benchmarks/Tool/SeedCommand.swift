// Writes enrolled tenants as SQL, sealed as the product seals them.
import ArgumentParser
import BursarCore
import BursarProviders
import BursarVault
import Crypto
import Foundation

/// Prints a script for psql, which enrols each tenant with one connection, one credential and one client,
/// and, if wanted, a stored token. The clients' secrets go into a file. Enrolling a million by commands would
/// take a day; the rows are the same but for the audit trail.
struct SeedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed", abstract: "Print SQL that enrols tenants; their clients go into a file.")

    @Option var tenants: Int
    @Option var keyring: String
    @Option var providersDirectory: String
    @Option var provider = "zatlas"
    /// A line each: client id, client secret, tenant.
    @Option var clients: String
    @Option(help: "The id and secret that the provider knows: every tenant has the same.")
    var providerCredential = "bench"
    @Option(help: "Bytes of the stored token of each; 0 stores none.") var tokenBytes = 0
    @Option(help: "Seconds that a stored token lives.") var tokenSeconds = 86_400
    @Flag(help: "Renew whether anyone asks or not.") var keepWarm = false

    /// Written together, so that memory stays small.
    private static let batch = 5_000

    func run() throws {
        let vault = Vault(try Keyring.load(path: keyring))
        let catalogue = try ProfileCatalogue.load(directory: providersDirectory, policy: .loopbackToo)
        guard let id = ProviderID(provider), let profile = catalogue.profile(id) else {
            throw ValidationError("there is no provider \(provider)")
        }
        let pepper = try vault.makeDataKey(owner: Vault.pepperOwner, version: 1)
        let maker = TenantMaker(
            vault: vault, profile: profile, hasher: try vault.clientSecretHasher(pepper: pepper),
            tokenURL: try profile.url(profile.token.path, in: .sandbox),
            providerCredential: Secret(providerCredential), tokenBytes: tokenBytes,
            tokenSeconds: tokenSeconds, keepWarm: keepWarm)
        let rights: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard FileManager.default.createFile(atPath: clients, contents: nil, attributes: rights),
            let file = FileHandle(forWritingAtPath: clients)
        else {
            throw ValidationError("cannot write \(clients)")
        }
        write("SET synchronous_commit = off; SET client_min_messages = warning;\n")
        write(
            "INSERT INTO bursar.pepper (version, kek_id, wrapped) VALUES "
                + "(1, '\(pepper.keyID)', '\(bytea(pepper.wrapped))');\n")
        for start in stride(from: 0, to: tenants, by: Self.batch) {
            var rows = TenantRows()
            for number in start..<min(tenants, start + Self.batch) {
                try maker.make(number, into: &rows)
            }
            write(rows.script)
            try file.write(contentsOf: Data(rows.clients.utf8))
        }
        write("UPDATE bursar.config_version SET version = version + 1;\nANALYZE;\n")
    }

    private func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}

/// The lines of one batch, by table.
private struct TenantRows {
    var tables: [(name: String, lines: String)] = TenantRows.names.map { ($0, "") }
    var clients = ""

    private static let names = [
        "tenant (tenant_id, name, limit_count, limit_period_seconds, limit_burst)",
        "data_key (owner_id, version, kek_id, wrapped)",
        "credential (owner_id, credential_id, provider, environment, provider_client_id, secret_sealed, "
            + "secret_key_version, state)",
        "connection (tenant_id, provider, environment, credential_id, keep_warm)",
        "client (client_id, secret_hash, pepper_version)",
        "client_tenant (tenant_id, client_id)",
        "token_slot (owner_id, slot_digest, credential_id, credential_version, provider, environment, "
            + "generation, access_sealed, key_version, issued_at, expires_at, jitter)",
    ]

    mutating func add(_ table: Int, _ values: [String]) {
        tables[table].lines += values.joined(separator: "\t") + "\n"
    }

    var script: String {
        tables.filter { !$0.lines.isEmpty }
            .map { "COPY bursar.\($0.name) FROM stdin;\n\($0.lines)\\.\n" }.joined()
    }
}

/// Makes one tenant after the other.
private struct TenantMaker {
    let vault: Vault
    let profile: ProviderProfile
    let hasher: ClientSecretHasher
    let tokenURL: String
    let providerCredential: Secret
    let tokenBytes: Int
    let tokenSeconds: Int
    let keepWarm: Bool

    func make(_ number: Int, into rows: inout TenantRows) throws {
        // Version 4 in shape: ids of one run sort by their number.
        let uuid = UUIDValue(high: 0x1000_4000 &+ UInt64(number) << 32, low: 0x8000 << 48 | UInt64(number))
        let (tenant, owner, credential) = (TenantID(uuid), OwnerID(uuid), CredentialID(uuid))
        let key = try vault.makeDataKey(owner: owner, version: 1)
        let place = Credential.secretPlace(owner: owner, provider: profile.id, id: credential, version: 1)
        let sealed = try vault.seal(providerCredential, with: key, at: place)
        let (client, secret) = Vault.makeClient()
        rows.add(0, [tenant.description, "Tenant \(number)", "1000000", "1", "1000000"])
        rows.add(1, [owner.description, "1", key.keyID, bytea(key.wrapped, escape: true)])
        rows.add(
            2,
            [
                owner.description, credential.description, profile.id.text, "sandbox",
                providerCredential.revealText(), bytea(sealed.bytes, escape: true), "1", "active",
            ])
        rows.add(
            3,
            [
                tenant.description, profile.id.text, "sandbox", credential.description,
                keepWarm ? "t" : "f",
            ])
        let hash = hasher.hash(secret.reveal())
        rows.add(4, [client.text, bytea(hash.bytes, escape: true), "\(hasher.version)"])
        rows.add(5, [tenant.description, client.text])
        rows.clients += "\(client.text) \(secret.revealText()) \(tenant)\n"
        if tokenBytes > 0 { try addToken(number, owner, credential, key, into: &rows) }
    }

    private func addToken(
        _ number: Int, _ owner: OwnerID, _ credential: CredentialID, _ key: WrappedDataKey,
        into rows: inout TenantRows
    ) throws {
        let fields = SlotFields(
            owner: owner, provider: profile.id, environment: .sandbox, credential: credential,
            credentialVersion: 1, tokenURL: tokenURL, scope: profile.scopes.standard)
        let digest = Array(SHA256.hash(data: fields.canonicalBytes))
        let text = String("stored-\(number)-").padding(toLength: tokenBytes, withPad: "0aB9-_", startingAt: 0)
        let place = SealedPlace(
            table: "token_slot", column: "access_token", owner: owner, provider: profile.id,
            row: hexText(digest), version: 1)
        let sealed = try vault.seal(Secret(text), with: key, at: place)
        // Renewals are spread as those of tokens that were issued one after the other.
        let spread = Double(number % 10_000) / 10_000
        rows.add(
            6,
            [
                owner.description, bytea(digest, escape: true), credential.description, "1",
                profile.id.text, "sandbox", "1", bytea(sealed.bytes, escape: true), "1", "now",
                Self.time(secondsFromNow: tokenSeconds), "\(spread)",
            ])
    }

    private static func time(secondsFromNow seconds: Int) -> String {
        ISO8601DateFormatter().string(from: Date(timeIntervalSinceNow: Double(seconds)))
    }
}

/// In COPY's text format the backslash itself is escaped.
private func bytea(_ bytes: [UInt8], escape: Bool = false) -> String {
    (escape ? #"\\x"# : #"\x"#) + hexText(bytes)
}
