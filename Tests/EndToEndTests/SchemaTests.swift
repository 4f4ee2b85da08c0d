// db/schema.sql is what the migrations make.
import BursarTestSupport
import Foundation
import Testing

@Suite struct SchemaTests {
    @Test func schemaFileIsWhatTheMigrationsMake() async throws {
        try await TemporaryDatabase.lend { database in
            let made = try await schema(of: database)
            let path = Executables.root + "/db/schema.sql"
            if ProcessInfo.processInfo.environment["BURSAR_TEST_WRITE_SCHEMA"] != nil {
                try Data(made.utf8).write(to: URL(fileURLWithPath: path))
            }
            let kept = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
            #expect(
                made == kept,
                "run `BURSAR_TEST_WRITE_SCHEMA=1 ./dev test -- --filter SchemaTests` and commit db/schema.sql"
            )
        }
    }

    /// A dump of the schema that is the same each time: `\restrict` carries a random key, and the partitions
    /// of months come with the calendar.
    private func schema(of database: TemporaryDatabase) async throws -> String {
        let program = try RunningProgram(
            "/usr/lib/postgresql/15/bin/pg_dump",
            [
                "--dbname", database.url, "--schema-only", "--no-owner", "--schema=bursar",
                "--schema=finance",
                "--schema=ops", "--exclude-table=bursar.refresh_event_2*", "--exclude-table=bursar.*_default",
            ])
        try #require(await program.end() == 0, "\(program.output)")
        let lines = program.output.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            !line.hasPrefix("\\restrict") && !line.hasPrefix("\\unrestrict")
                && !line.hasPrefix("-- Dumped")
        }
        return "-- Made by the tests from the migrations; see db/README.md.\n" + lines.joined(separator: "\n")
            + "\n"
    }
}
