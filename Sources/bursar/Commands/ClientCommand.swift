// bursar client …
import ArgumentParser
import BursarCore
import BursarLedger
import BursarVault

struct ClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client", abstract: "Merchant backends' credentials with this gateway.",
        subcommands: [Issue.self, List.self, Revoke.self])

    struct Shown: Encodable {
        let clientID: String
        let tenants: [String]
        let provider: String?
        let environment: String?
        let createdAt: String
        let expiresAt: String?
        let revokedAt: String?

        init(_ record: ClientRecord) {
            clientID = record.client.id.text
            tenants = record.client.tenants.map(\.description)
            provider = record.client.provider?.text
            environment = record.client.environment?.rawValue
            createdAt = record.createdAt.description
            expiresAt = record.client.expiresAt?.description
            revokedAt = record.revokedAt?.description
        }
    }
}

extension ClientCommand {
    struct Issue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Issue a client id and secret. The secret is shown once and stored nowhere.")

        @Option(name: .customLong("tenant"), help: "A tenant that it acts for; may be repeated.")
        var tenants: [TenantID] = []
        @Option(help: "The provider meant when a request names none.") var provider: ProviderID?
        @Option(help: "The environment meant when a request names none.")
        var environment: ProviderEnvironment?
        @Option(help: "When it ends, as 90d, 12h, 30m.") var expires: String?
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            if tenants.isEmpty { throw ValidationError("Give at least one --tenant.") }
            if Swift.Set(tenants).count != tenants.count { throw ValidationError("A --tenant stands twice.") }
            if let expires, Lifetime.parse(expires) == nil {
                throw ValidationError("--expires takes a number of d, h or m, as 90d.")
            }
        }

        /// Provider and environment are shown so that a script can tell clients apart.
        private struct Result: Encodable {
            let clientID: String
            let clientSecret: String
            let tenants: [String]
            let provider: String?
            let environment: String?
        }

        func run() async throws {
            let administration = try Administration(options)
            if let provider { _ = try administration.profile(provider) }
            let vault = try administration.vault()
            let (id, secret) = Vault.makeClient()
            try await administration.withLedger { ledger in
                let pepper = try await ledger.pepper(by: administration.actor, owner: Vault.pepperOwner) {
                    try vault.makeDataKey(owner: $0, version: $1, under: $2)
                }
                let hasher = try vault.clientSecretHasher(pepper: pepper)
                let client = Client(
                    id: id, secretHash: secret.withBytes { hasher.hash($0) }, pepperVersion: pepper.version,
                    tenants: tenants, provider: provider, environment: environment, expiresAt: nil)
                try await ledger.issueClient(
                    client, lifetime: expires.flatMap { Lifetime.parse($0) }, by: administration.actor)
            }
            let result = Result(
                clientID: id.text, clientSecret: secret.revealText(), tenants: tenants.map(\.description),
                provider: provider?.text, environment: environment?.rawValue)
            try administration.output.print(result) {
                "client_id      \(result.clientID)\nclient_secret  \(result.clientSecret)\n"
                    + "The secret is shown this once only."
            }
            try await administration.finish(wait)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List clients.")
        @Option(help: "Only those that act for this tenant.") var tenant: TenantID?
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            let shown = try await administration.withLedger { try await $0.clients(of: tenant) }
                .map(Shown.init)
            try administration.output.print(shown) {
                TextTable(
                    header: ["CLIENT ID", "TENANTS", "DEFAULT", "EXPIRES", "REVOKED"],
                    rows: shown.map { client in
                        let target = [client.provider, client.environment].compactMap { $0 }
                        return [
                            client.clientID, client.tenants.joined(separator: " "),
                            target.isEmpty ? "-" : target.joined(separator: "/"), client.expiresAt ?? "-",
                            client.revokedAt ?? "-",
                        ]
                    }, empty: "There is no client; `bursar client issue` issues one."
                ).text
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a client. Gateways refuse it within 5 s.")
        @Argument(help: "Its id.") var client: ClientID
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            try await administration.withLedger {
                try await $0.revokeClient(client, by: administration.actor)
            }
            try administration.output.print(Done(done: "revoked", subject: client.text)) {
                "The client \(client) is revoked."
            }
            try await administration.finish(wait)
        }
    }
}

/// A time span as people write it in flags.
enum Lifetime {
    static func parse(_ text: String, from least: Int64 = 1) -> Duration? {
        let units: [Character: Int64] = ["d": 86_400, "h": 3_600, "m": 60, "s": 1]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
            (least...1_000_000).contains(count)
        else { return nil }
        return .seconds(count * unit)
    }
}
