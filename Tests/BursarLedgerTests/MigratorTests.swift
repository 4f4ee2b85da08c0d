// Migrations against a real database.
import BursarTestSupport
import Postgres
import Testing

@testable import BursarLedger

@Suite struct MigratorTests {
    @Test func migratingTwiceDoesNothingTheSecondTime() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withConnection { connection async throws in
                let migrator = Migrator(connection: connection)
                #expect(try await migrator.plan().isEmpty)
                #expect(try await migrator.migrate { _ in } == [])
                #expect(try await migrator.compatibility() == .fits)
            }
        }
    }

    @Test func thePlanNamesEveryFileInOrderAndChangesNothing() async throws {
        try await TemporaryDatabase.lend(migrated: false) { database in
            try await database.withConnection { connection async throws in
                let names = try await Migrator(connection: connection).plan().map(\.name)
                let numbered = names.filter { $0.first?.isNumber == true }
                #expect(numbered == numbered.sorted() && numbered.first == "0001_configuration.sql")
                #expect(names.suffix(2) == ["finance.sql", "ops.sql"])
                let rows = try await connection.query("SELECT to_regnamespace('bursar') IS NULL AS untouched")
                #expect(try rows[0].decode("untouched", as: Bool.self))
            }
        }
    }

    @Test func aChangedChecksumIsRefusedAndNothingIsApplied() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withConnection { connection async throws in
                try await connection.execute(
                    """
                    UPDATE bursar.schema_migration SET checksum = \([0, 1] as [UInt8])
                    WHERE name = '0001_configuration.sql'
                    """)
                let error = await #expect(throws: LedgerError.self) {
                    try await Migrator(connection: connection).migrate { _ in }
                }
                #expect(error?.description.contains("0001_configuration.sql") == true)
            }
        }
    }

    @Test func aDatabaseThatALaterProgramMigratedIsRefused() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withConnection { connection async throws in
                try await connection.execute(
                    """
                    INSERT INTO bursar.schema_migration (name, checksum, compatible_from)
                    VALUES ('9999_future.sql', \([0] as [UInt8]), '0001')
                    """)
                let migrator = Migrator(connection: connection)
                await #expect(throws: LedgerError.self) { try await migrator.migrate { _ in } }
                // Expanded only: this program still serves on it.
                #expect(try await migrator.compatibility() == .fits)
                try await connection.execute(
                    "UPDATE bursar.schema_migration SET compatible_from = '9000' WHERE name LIKE '9999%'"
                )
                #expect(try await migrator.compatibility() == .tooNew("9000"))
            }
        }
    }

    @Test func twoThatMigrateAtOnceDoItOnce() async throws {
        try await TemporaryDatabase.lend(migrated: false) { database in
            let done = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        try await database.withConnection {
                            try await Migrator(connection: $0).migrate { _ in }
                        }
                    }
                }
                return try await group.reduce(into: [[String]]()) { $0.append($1) }
            }
            #expect(done.filter { $0.contains("0001_configuration.sql") }.count == 1)
        }
    }

    @Test func aFailingMigrationLeavesNothingBehind() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withConnection { connection async throws in
                let files = SchemaFiles(
                    EmbeddedFiles.all + [("0900_broken.sql", "CREATE TABLE bursar.half (); SELECT 1/0;")])
                await #expect(throws: (any Error).self) {
                    try await Migrator(connection: connection, files: files).migrate { _ in }
                }
            }
            try await database.withConnection { connection async throws in
                let rows = try await connection.query("SELECT to_regclass('bursar.half') IS NULL AS gone")
                #expect(try rows[0].decode("gone", as: Bool.self))
            }
        }
    }

    @Test func whereRolesMayNotBeMadeTheirSQLIsGiven() async throws {
        try await TemporaryDatabase.lend(migrated: false) { database in
            let user = "test_\(UInt64.random(in: 0 ... .max))"
            try await database.withConnection { connection async throws in
                try await connection.script("CREATE ROLE \(user) NOLOGIN", timeout: .seconds(10))
                try await connection.script("SET ROLE \(user)", timeout: .seconds(10))
                let error = await #expect(throws: RolesNotPermitted.self) {
                    try await Migrator(connection: connection).migrate { _ in }
                }
                #expect(error?.sql.contains("bursar_owner") == true)
                try await connection.script("RESET ROLE; DROP ROLE \(user)", timeout: .seconds(10))
            }
        }
    }
}
