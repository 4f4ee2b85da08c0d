// Brings the database to the schema that this program was built with.
package import Postgres

/// Forward only, one transaction a file, under a lock, each file's checksum remembered.
package struct Migrator: Sendable {
    private let connection: PostgresConnection
    private let files: SchemaFiles

    /// Time for one file: a migration may rewrite a table.
    private static let timeout: Duration = .seconds(3_600)

    package init(connection: PostgresConnection) {
        self.init(connection: connection, files: .built)
    }

    init(connection: PostgresConnection, files: SchemaFiles) {
        self.connection = connection
        self.files = files
    }

    /// What has to be done, and the SQL of it.
    package struct Step: Sendable, Hashable {
        package let name: String
        package let sql: String
    }

    // MARK: Planning

    /// The steps that are missing, in order; empty when the database is up to date. Refuses a database that a
    /// later program has migrated, and one whose history is not this program's.
    package func plan() async throws -> [Step] {
        var steps: [Step] = []
        if try await !rolesAreReady() { steps.append(Step(name: "roles.sql", sql: files.roles)) }
        let applied = try await applied()
        try check(applied)
        for file in files.migrations where applied[file.name] == nil {
            steps.append(Step(name: file.name, sql: file.text))
        }
        for file in files.views where applied[file.name]?.checksum != file.checksum {
            steps.append(Step(name: file.name, sql: file.text))
        }
        return steps
    }

    private func check(_ applied: [String: Applied]) throws {
        let known = Set(files.migrations.map(\.name))
        let newer = applied.keys.filter { $0.first?.isNumber == true && !known.contains($0) }.sorted()
        if let first = newer.first {
            throw LedgerError.refused(
                "the database is newer than this program: it has the migration \(first); "
                    + "use the release that made it, or a later one")
        }
        for file in files.migrations {
            guard let found = applied[file.name], found.checksum != file.checksum else { continue }
            throw LedgerError.refused(
                "the migration \(file.name) was applied with another content (its checksum differs); "
                    + "migrations never change once released: restore the file, or use the release that made "
                    + "this database")
        }
    }

    private struct Applied {
        let checksum: [UInt8]
        let compatibleFrom: String?
    }

    private func applied() async throws -> [String: Applied] {
        let exists = try await connection.query(
            "SELECT to_regclass('bursar.schema_migration') IS NOT NULL AS found")
        guard try exists.first?.decode("found", as: Bool.self) == true else { return [:] }
        let rows = try await connection.query(
            "SELECT name, checksum, compatible_from FROM bursar.schema_migration")
        return try Dictionary(
            uniqueKeysWithValues: rows.map { row in
                let (name, checksum, from) = try row.decode(String.self, [UInt8].self, String?.self)
                return (name, Applied(checksum: checksum, compatibleFrom: from))
            })
    }

    /// Whether the four roles exist and this user may act as their owner here.
    private func rolesAreReady() async throws -> Bool {
        let rows = try await connection.query(
            """
            SELECT (SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname = ANY(\(Self.roles))) = 4 AS exist,
                coalesce((SELECT pg_catalog.pg_has_role(current_user, oid, 'MEMBER')
                    AND pg_catalog.has_database_privilege(oid, current_database(), 'CREATE')
                    FROM pg_catalog.pg_roles WHERE rolname = 'bursar_owner'), false) AS usable
            """)
        let (exist, usable) = try rows[0].decode(Bool.self, Bool.self)
        return exist && usable
    }

    private static let roles = ["bursar_owner", "bursar_gateway", "bursar_finance", "bursar_monitor"]

    // MARK: Applying

    /// Does what `plan` says; returns the names of what was done. `progress` is told each before it starts.
    package func migrate(progress: (String) -> Void) async throws -> [String] {
        // Two migrating at once: the second waits, then finds nothing to do.
        try await connection.execute(
            "SELECT pg_advisory_lock(hashtext('bursar.migrate'))", timeout: Self.timeout)
        let steps = try await plan()
        for step in steps {
            progress(step.name)
            step.name == "roles.sql" ? try await makeRoles() : try await apply(step)
        }
        try await connection.execute("SELECT pg_advisory_unlock(hashtext('bursar.migrate'))")
        return steps.map(\.name)
    }

    private func makeRoles() async throws {
        do {
            try await connection.transaction { try await $0.script(files.roles, timeout: Self.timeout) }
        } catch let error as PostgresError where error.sqlState == .insufficientPrivilege {
            throw RolesNotPermitted(sql: files.roles)
        }
    }

    private func apply(_ step: Step) async throws {
        let file = SchemaFiles.File(name: step.name, text: step.sql)
        try await connection.transaction { connection in
            try await connection.script(
                """
                SET LOCAL ROLE bursar_owner;
                SET LOCAL lock_timeout = '10s';
                CREATE SCHEMA IF NOT EXISTS bursar;
                CREATE TABLE IF NOT EXISTS bursar.schema_migration (
                    name text PRIMARY KEY,
                    checksum bytea NOT NULL,
                    compatible_from text,
                    applied_at timestamptz NOT NULL DEFAULT now()
                );
                """, timeout: Self.timeout)
            try await connection.script(step.sql, timeout: Self.timeout)
            try await connection.execute(
                """
                INSERT INTO bursar.schema_migration (name, checksum, compatible_from)
                VALUES (\(file.name), \(file.checksum), \(file.compatibleFrom))
                ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, applied_at = now()
                """)
        }
    }

    // MARK: Serving

    /// Whether this program can serve on the schema as it is.
    package func compatibility() async throws -> Compatibility {
        let applied = try await applied()
        let missing = files.migrations.filter { applied[$0.name] == nil }.map(\.name)
        if let first = missing.first { return .behind(first) }
        let known = files.migrations.last.map { String($0.name.prefix(4)) } ?? ""
        if let needed = applied.values.compactMap(\.compatibleFrom).max(), needed > known {
            return .tooNew(needed)
        }
        return .fits
    }

    package enum Compatibility: Sendable, Hashable {
        case fits
        /// The named migration is missing.
        case behind(String)
        /// A later release has removed what this program needs.
        case tooNew(String)
    }
}

/// The database's user may not create roles: an administrator has to run this SQL once.
package struct RolesNotPermitted: Error, Sendable {
    package let sql: String
}
