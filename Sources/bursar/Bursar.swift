// The program: one executable, one file a subcommand.
import ArgumentParser

@main
struct Bursar: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bursar",
        abstract: "A gateway for payment providers' access tokens.",
        discussion: """
            Settings come from flags, the environment, the credentials directory, a YAML file and defaults, \
            in this order; `bursar config show` prints where each came from.
            Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused by a rule.
            """,
        version: version,
        subcommands: [
            MigrateCommand.self, ServeCommand.self, TenantCommand.self, CredentialCommand.self,
            ConnectionCommand.self, ClientCommand.self, ProviderCommand.self, KeysCommand.self,
            ReportCommand.self, AuditCommand.self, ConfigCommand.self, DoctorCommand.self,
        ])

    static let version = "0.1.0"

    static func main() async {
        ProcessHardening.apply()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            Failure(error).end()
        }
    }
}
