// bursar tenant import: many tenants and connections at once, all or nothing.
import ArgumentParser
import BursarCore
import BursarLedger
import Foundation

struct TenantImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Add tenants and connections from a YAML or CSV file.",
        discussion: """
            All or nothing. Secrets never stand in the file: a connection names a secret_ref, or no secret, \
            when its credential is pending. docs/API.md has both formats.
            """)

    @Argument(help: "A file that ends in .yaml, .yml or .csv.") var file: String
    @Flag(help: "Say what would be done, and do nothing.") var dryRun = false
    @OptionGroup var wait: WaitOption
    @OptionGroup var options: GlobalOptions

    private struct Result: Encodable {
        let dryRun: Bool
        let tenants: Int
        let connections: Int
        let actions: [String]
    }

    func run() async throws {
        let administration = try Administration(options)
        guard let data = FileManager.default.contents(atPath: file) else {
            throw CommandFailure(.failed, "cannot read \(file)")
        }
        let tenants = try TenantImportFile.parse(String(decoding: data, as: UTF8.self), name: file)
        for connection in tenants.flatMap(\.connections) {
            let profile = try administration.profile(connection.provider)
            if let gap = profile.gap(in: connection.environment) {
                throw CommandFailure(
                    .refused,
                    "\(connection.provider) cannot be used in \(connection.environment): "
                        + ProviderCommand.text(gap) + "; `bursar provider show` tells more")
            }
        }
        let sealing = administration.sealing(try administration.vault(), secret: nil)
        let imported = try await administration.withLedger {
            try await $0.importTenants(tenants, dryRun: dryRun, sealing: sealing, by: administration.actor)
        }
        let result = Result(
            dryRun: dryRun, tenants: tenants.count, connections: tenants.flatMap(\.connections).count,
            actions: imported)
        try administration.output.print(result) {
            let verb = dryRun ? "Would import" : "Imported"
            return imported.map { dryRun ? "would \($0)" : $0 }.joined(separator: "\n")
                + "\n\(verb) \(result.tenants) tenants and \(result.connections) connections."
        }
        if !dryRun { try await administration.finish(wait) }
    }
}
