// A migrated database of its own for whoever needs the real thing, dropped afterwards.
package import BursarLedger
package import BursarVault
private import Foundation
package import Postgres

/// Made on the server of BURSAR_TEST_DATABASE_URL, which `./dev test` starts.
package struct TemporaryDatabase: Sendable {
    package let name: String
    /// For its superuser.
    package let url: String

    package struct Missing: Error, CustomStringConvertible {
        package let description = "BURSAR_TEST_DATABASE_URL is not set: run the tests with ./dev test"
    }

    /// Lends a database; `migrated` brings it to the program's schema first.
    package static func lend<R: Sendable>(
        migrated: Bool = true, _ body: (TemporaryDatabase) async throws -> R
    ) async throws -> R {
        guard let server = ProcessInfo.processInfo.environment["BURSAR_TEST_DATABASE_URL"] else {
            throw Missing()
        }
        let template = migrated ? try await Template.shared.name(on: server) : nil
        let admin = try await PostgresConnection.connect(PostgresConfiguration(connectionString: server))
        let database = try await make(on: server, by: admin, as: template)
        let name = database.name
        do {
            // What a copy lacks: rights on the database itself.
            if migrated { try await database.migrate() }
            let result = try await body(database)
            try await admin.script("DROP DATABASE \(name) WITH (FORCE)", timeout: .seconds(60))
            await admin.close()
            return result
        } catch {
            try? await admin.script("DROP DATABASE \(name) WITH (FORCE)", timeout: .seconds(60))
            await admin.close()
            throw error
        }
    }

    private static func make(
        on server: String, by admin: PostgresConnection, as template: String?
    ) async throws -> TemporaryDatabase {
        let name = "test_\(UInt64.random(in: 0 ... .max))"
        let origin = template.map { " TEMPLATE \($0)" } ?? ""
        try await admin.script("CREATE DATABASE \(name)\(origin)", timeout: .seconds(60))
        return TemporaryDatabase(name: name, url: replaceDatabase(of: server, with: name))
    }

    /// Brought to the program's schema once for each process: to copy it takes a fraction of the time. It
    /// goes with the server, which is the tests' own.
    private actor Template {
        static let shared = Template()
        private var making: Task<String, any Error>?

        func name(on server: String) async throws -> String {
            let making =
                making
                ?? Task {
                    let admin = try await PostgresConnection.connect(
                        PostgresConfiguration(connectionString: server))
                    let database = try await make(on: server, by: admin, as: nil)
                    await admin.close()
                    try await database.migrate()
                    return database.name
                }
            self.making = making
            return try await making.value
        }
    }

    package func migrate() async throws {
        try await withConnection { _ = try await Migrator(connection: $0).migrate { _ in } }
    }

    /// As the superuser.
    package func withConnection<R: Sendable>(
        _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        let connection = try await PostgresConnection.connect(PostgresConfiguration(connectionString: url))
        do {
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    /// With the rights of `role` alone, as programs and people have them.
    package func pool(role: String = "bursar_gateway", size: Int = 4) -> PostgresPool {
        PostgresPool(
            PostgresConfiguration(connectionString: url, sessionSettings: [("role", role)]),
            pool: PostgresPoolConfiguration(size: size))
    }

    /// For the audit trail of ledgers that tests make; programs bring their own keyring.
    package static let sealer = Vault(
        // The keyring is our own.
        try! Keyring.parse("audit:" + Data(repeating: 7, count: 32).base64EncodedString(), name: "test"))

    /// Lends a ledger with the gateway's rights.
    package func withLedger<R: Sendable>(
        auditing sealer: Vault = TemporaryDatabase.sealer, _ body: (Ledger) async throws -> R
    ) async throws -> R {
        let pool = pool()
        let ledger = Ledger(pool: pool, auditing: sealer) { call, _, error in
            if let error { print("ledger: \(call.work): \(error)") }
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

    /// `postgresql://user:password@host:port/database?options` with another database.
    private static func replaceDatabase(of url: String, with name: String) -> String {
        guard var components = URLComponents(string: url) else { return url }
        components.path = "/" + name
        return components.string ?? url
    }
}
