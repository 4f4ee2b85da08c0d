// bursar tenant …
import ArgumentParser
import BursarCore
import BursarLedger

struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Merchants.",
        subcommands: [
            Add.self, List.self, Show.self, Rename.self, Suspend.self, Resume.self, Delete.self,
            SetLimit.self,
            TenantImportCommand.self,
        ])

    /// A tenant as every tenant command prints it.
    struct Shown: Encodable {
        let businessUUID: String
        let name: String
        let state: String
        let rate: String
        let burst: Int

        init(_ tenant: Tenant) {
            businessUUID = tenant.id.description
            name = tenant.name
            state = tenant.state.rawValue
            rate = tenant.limit.description
            burst = tenant.limit.burst
        }

        var text: String { "\(businessUUID)  \(name)  \(state)  \(rate), burst \(burst)" }
    }

    /// Rate and burst as flags; what is not given stays as `former` has it.
    static func limit(rate: String?, burst: Int?, former: RateLimit) throws -> RateLimit {
        let burst = burst ?? former.burst
        guard let limit = RateLimit.parse(rate: rate ?? former.description, burst: burst) else {
            throw CommandFailure(
                .wrongUsage,
                "a rate is a number per s, m, h or d, as 50/s, and a burst a number from 1 to 1000000")
        }
        return limit
    }

    static func checkName(_ name: String) throws {
        guard (1...200).contains(name.count), !name.utf8.contains(0) else {
            throw CommandFailure(.wrongUsage, "a tenant's name has 1 to 200 characters")
        }
    }
}

extension TenantCommand {
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a tenant.")
        @Argument(help: "The tenant's businessUuid.") var tenant: TenantID
        @Option(help: "Its name.") var name: String
        @Option(help: "Requests per s, m, h or d, as 50/s.") var rate: String?
        @Option(help: "Requests that may come at once.") var burst: Int?
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            try TenantCommand.checkName(name)
            let limit = try TenantCommand.limit(rate: rate, burst: burst, former: .standard)
            let added = Tenant(id: tenant, name: name, state: .active, limit: limit)
            let sealing = administration.sealing(try administration.vault(), secret: nil)
            try await administration.withLedger {
                try await $0.addTenant(added, sealing: sealing, by: administration.actor)
            }
            try administration.output.print(Shown(added)) { "Added \(Shown(added).text)" }
            try await administration.finish(wait)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List tenants.")
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            let tenants = try await administration.withLedger { try await $0.tenants() }.map(Shown.init)
            try administration.output.print(tenants) {
                TextTable(
                    header: ["BUSINESS UUID", "NAME", "STATE", "RATE", "BURST"],
                    rows: tenants.map { [$0.businessUUID, $0.name, $0.state, $0.rate, String($0.burst)] },
                    empty: "There is no tenant yet; `bursar tenant add` adds one."
                ).text
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a tenant and its connections.")
        @Argument(help: "The tenant's businessUuid.") var tenant: TenantID
        @OptionGroup var options: GlobalOptions

        private struct Result: Encodable {
            let tenant: Shown
            let connections: [ConnectionCommand.Shown]
        }

        func run() async throws {
            let administration = try Administration(options)
            let result = try await administration.withLedger { ledger in
                Result(
                    tenant: Shown(try await ledger.tenant(tenant)),
                    connections: try await ledger.connections(of: tenant).map(ConnectionCommand.Shown.init))
            }
            try administration.output.print(result) {
                result.tenant.text + "\n" + ConnectionCommand.table(result.connections)
            }
        }
    }

    struct Rename: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give a tenant another name.")
        @Argument(help: "The tenant's businessUuid.") var tenant: TenantID
        @Option(help: "Its new name.") var name: String
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            try TenantCommand.checkName(name)
            try await changeTenant(tenant, options, wait, done: "renamed") {
                try await $0.renameTenant(tenant, to: name, by: $1)
            }
        }
    }

    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Answer this tenant's clients no more.")
        @Argument(help: "The tenant's businessUuid.") var tenant: TenantID
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            try await changeTenant(tenant, options, wait, done: "suspended") {
                try await $0.setState(.suspended, of: tenant, by: $1)
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a suspension.")
        @Argument(help: "The tenant's businessUuid.") var tenant: TenantID
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            try await changeTenant(tenant, options, wait, done: "resumed") {
                try await $0.setState(.active, of: tenant, by: $1)
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a tenant with its connections, credentials, tokens and keys.",
            discussion: "Its usage and audit lines stay. There is no way back.")
        @Argument(help: "The tenant's businessUuid.") var tenant: TenantID
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            try await changeTenant(tenant, options, wait, done: "deleted") {
                try await $0.deleteTenant(tenant, by: $1)
            }
        }
    }

    struct SetLimit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-limit", abstract: "Change a tenant's rate limit.")
        @Argument(help: "The tenant's businessUuid.") var tenant: TenantID
        @Option(help: "Requests per s, m, h or d, as 50/s.") var rate: String?
        @Option(help: "Requests that may come at once.") var burst: Int?
        @OptionGroup var wait: WaitOption
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            if rate == nil, burst == nil { throw ValidationError("Give --rate, --burst, or both.") }
        }

        func run() async throws {
            try await changeTenant(tenant, options, wait, done: "limited") { ledger, actor in
                let former = try await ledger.tenant(tenant).limit
                let limit = try TenantCommand.limit(rate: rate, burst: burst, former: former)
                try await ledger.setLimit(limit, of: tenant, by: actor)
            }
        }
    }
}

private func changeTenant(
    _ tenant: TenantID, _ options: GlobalOptions, _ wait: WaitOption, done: String,
    _ change: (Ledger, Actor) async throws -> Void
) async throws {
    let administration = try Administration(options)
    try await administration.withLedger { try await change($0, administration.actor) }
    try administration.output.print(Done(done: done, subject: tenant.description)) {
        "The tenant \(tenant) is \(done)."
    }
    try await administration.finish(wait)
}
