// bursar connection …
import ArgumentParser
import BursarCore
import BursarLedger
import Foundation

struct ConnectionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connection", abstract: "Tenants' ways to providers.",
        subcommands: [List.self, Show.self, Set.self, Remove.self, Retry.self])

    struct Shown: Encodable {
        let businessUUID: String
        let provider: String
        let environment: String
        let credentialID: String
        let credentialState: String
        let clientID: String?
        let formerCredentialID: String?
        let formerUntil: String?
        let nextCredentialID: String?
        let origins: [String]
        let keepWarm: Bool
        let generation: Int64?
        let issuedAt: String?
        let expiresAt: String?
        let failureReason: String?
        let failureCount: Int?
        let retryAt: String?

        init(_ health: ConnectionHealth) {
            businessUUID = health.connection.tenant.description
            provider = health.connection.provider.text
            environment = health.connection.environment.rawValue
            credentialID = health.connection.credential.description
            credentialState = health.credentialState.rawValue
            clientID = health.clientID
            formerCredentialID = health.connection.former?.description
            formerUntil = health.formerUntil?.description
            nextCredentialID = health.next?.description
            origins = health.connection.origins
            keepWarm = health.connection.keepWarm
            generation = health.generation
            issuedAt = health.issuedAt?.description
            expiresAt = health.expiresAt?.description
            failureReason = health.failureReason
            failureCount = health.failureCount
            retryAt = health.retryAt?.description
        }

        /// Its state, and whether it is amidst a rotation.
        fileprivate var credential: String {
            [
                credentialState, nextCredentialID == nil ? nil : "next pending",
                formerUntil.map { "former until \($0)" },
            ].compactMap { $0 }.joined(separator: ", ")
        }
    }

    static func table(_ shown: [Shown]) -> String {
        TextTable(
            header: ["BUSINESS UUID", "PROVIDER", "ENVIRONMENT", "CREDENTIAL", "TOKEN UNTIL", "FAILURE"],
            rows: shown.map {
                [
                    $0.businessUUID, $0.provider, $0.environment, $0.credential, $0.expiresAt ?? "-",
                    $0.failureReason ?? "-",
                ]
            }, empty: "There is no connection; `bursar credential set` makes one."
        ).text
    }
}

/// Which connection: the tenant as argument, provider and environment as flags.
struct ConnectionArguments: ParsableArguments {
    @Argument(help: "The tenant's businessUuid.") var tenant: TenantID
    @Option(help: "Provider profile.") var provider: ProviderID
    @Option(help: "sandbox or production.") var environment: ProviderEnvironment

    var name: ConnectionName { ConnectionName(tenant: tenant, provider: provider, environment: environment) }
}

extension ConnectionCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List connections with their tokens' health.")
        @Option(help: "Only this tenant's.") var tenant: TenantID?
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            let shown = try await administration.withLedger { try await $0.connections(of: tenant) }
                .map(Shown.init)
            try administration.output.print(shown) { ConnectionCommand.table(shown) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one connection.")
        @OptionGroup var connection: ConnectionArguments
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            let shown = Shown(
                try await administration.withLedger { try await $0.connection(connection.name) })
            try administration.output.print(shown) { ConnectionCommand.table([shown]) }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change a connection, or make one.")
        @OptionGroup var connection: ConnectionArguments
        @Option(help: "A credential that is there already.") var credential: CredentialID?
        @Option(
            help: "Browser origins that callers may name, as https://a.example,https://b.example; '' for any."
        )
        var origins: String?
        @Flag(inversion: .prefixedNo, help: "Renew its token even when nobody asks.") var keepWarm: Bool?
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            if credential == nil, origins == nil, keepWarm == nil {
                throw ValidationError("Give --credential, --origins or --keep-warm.")
            }
        }

        func run() async throws {
            let administration = try Administration(options)
            let input = ConnectionInput(
                credential: credential, origins: try origins.map(Origins.parse), keepWarm: keepWarm)
            let shown = try await administration.withLedger { ledger in
                try await ledger.setConnection(connection.name, input, by: administration.actor)
                return Shown(try await ledger.connection(connection.name))
            }
            try administration.output.print(shown) { ConnectionCommand.table([shown]) }
            try await administration.finish(wait)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a connection; its credential goes too when nothing else uses it.")
        @OptionGroup var connection: ConnectionArguments
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            try await changeConnection(connection.name, options, wait, done: "removed") {
                try await $0.removeConnection(connection.name, by: $1)
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a quarantine now: the next request asks the provider.")
        @OptionGroup var connection: ConnectionArguments
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            try await changeConnection(connection.name, options, wait, done: "to be tried again") {
                try await $0.retryConnection(connection.name, by: $1)
            }
        }
    }
}

private func changeConnection(
    _ name: ConnectionName, _ options: GlobalOptions, _ wait: WaitOption, done: String,
    _ change: (Ledger, Actor) async throws -> Void
) async throws {
    let administration = try Administration(options)
    try await administration.withLedger { try await change($0, administration.actor) }
    try administration.output.print(Done(done: done, subject: name.description)) {
        "The connection \(name) is \(done)."
    }
    try await administration.finish(wait)
}

/// A list of browser origins: scheme, host and port, as RFC 6454 writes them.
enum Origins {
    static func parse(_ text: String) throws -> [String] {
        try text.split(separator: ",").map { part in
            let origin = part.trimmingCharacters(in: .whitespaces)
            let rest = origin.hasPrefix("https://") ? origin.dropFirst(8) : origin.dropFirst(7)
            guard origin.hasPrefix("https://") || origin.hasPrefix("http://"), !rest.isEmpty,
                rest.utf8.allSatisfy({ isBase62($0) || [45, 46, 58, 91, 93].contains($0) })
            else {
                throw CommandFailure(
                    .wrongUsage,
                    "\(origin) is no origin: write scheme, host and port only, as https://shop.example")
            }
            return origin
        }
    }
}
