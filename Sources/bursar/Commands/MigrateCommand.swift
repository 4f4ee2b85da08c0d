// bursar migrate
import ArgumentParser
import BursarLedger
import Postgres

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database to this program's schema.",
        discussion: """
            Creates the roles too. Where the database's user may not, prints the SQL for an administrator \
            and exits 4.
            """)

    @Flag(help: "Print the steps that are missing, and do nothing.")
    var plan = false

    @OptionGroup var options: GlobalOptions

    private struct Result: Encodable {
        let planned: Bool
        let steps: [String]
    }

    func run() async throws {
        let administration = try Administration(options)
        // Its lock is a session's, and would be left to somebody else.
        guard try administration.settings.databasePooler() == .none else {
            throw CommandFailure(
                .refused,
                "`bursar migrate` needs a session of its own: give it PostgreSQL's own address in "
                    + "BURSAR_DATABASE_URL, and BURSAR_DATABASE_POOLER=none")
        }
        let connection = try await PostgresConnection.connect(
            PostgresConfiguration(
                connectionString: administration.settings.databaseURL, applicationName: "bursar-migrate",
                watch: try await administration.watch()))
        do {
            try await run(Migrator(connection: connection), administration.output)
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }

    private func run(_ migrator: Migrator, _ output: Output) async throws {
        if plan {
            let steps = try await migrator.plan()
            try output.print(Result(planned: true, steps: steps.map(\.name))) {
                steps.isEmpty
                    ? "The database is up to date."
                    : steps.map { "-- \($0.name)\n\($0.sql)" }.joined(separator: "\n")
            }
            return
        }
        do {
            let done = try await migrator.migrate { Output.say("migrating: \($0)") }
            try output.print(Result(planned: false, steps: done)) {
                done.isEmpty ? "The database is up to date." : "Migrated: \(done.joined(separator: ", "))."
            }
        } catch let error as RolesNotPermitted {
            try output.print(["sql": error.sql]) { error.sql }
            throw CommandFailure(
                .refused,
                "this database user may not create the roles; have an administrator run the SQL above, "
                    + "then run `bursar migrate` again")
        }
    }
}
