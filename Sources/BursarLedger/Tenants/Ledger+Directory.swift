// The configuration as replicas read it: everything once, then by version.
package import BursarCore
internal import Postgres

extension Ledger: DirectoryStore {
    package func changes(since version: ConfigVersion?) async throws(StoreFailure) -> DirectoryChanges {
        try await serving(.follow) {
            if let version, try await currentVersion() == version {
                return DirectoryChanges(version: version, isComplete: false)
            }
            return try await pool.transaction { connection in
                try await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                return try await DirectoryReading(connection: connection).read(since: version)
            }
        }
    }

    func currentVersion() async throws -> ConfigVersion {
        let rows = try await pool.query("SELECT version FROM bursar.config_version")
        return ConfigVersion(try rows.first?.decode("version", as: Int64.self) ?? 0)
    }
}

/// One reading of the configuration within one snapshot of the database.
private struct DirectoryReading {
    let connection: PostgresConnection

    func read(since version: ConfigVersion?) async throws -> DirectoryChanges {
        let rows = try await connection.query(
            """
            SELECT version, (SELECT min(version) FROM bursar.config_change) AS oldest
            FROM bursar.config_version
            """)
        guard let row = rows.first else {
            return DirectoryChanges(version: ConfigVersion(0), isComplete: true)
        }
        let current = ConfigVersion(try row.decode("version", as: Int64.self))
        let oldest = try row.decode("oldest", as: Int64?.self)
        // Every version after ours must still be listed, else we cannot tell what changed.
        if let version, version < current, let oldest, oldest <= version.number + 1 {
            return try await readChanged(since: version, current: current)
        }
        return try await readAll(current)
    }

    private func readAll(_ version: ConfigVersion) async throws -> DirectoryChanges {
        var changes = DirectoryChanges(version: version, isComplete: true)
        changes.tenants = try await tenants("true")
        changes.connections = try await connections("true")
        changes.clients = try await clients("true")
        changes.credentials = try await credentials("true")
        changes.dataKeys = try await keys("SELECT owner_id, version, kek_id, wrapped FROM bursar.data_key")
        changes.peppers = try await peppers()
        return changes
    }

    private func readChanged(
        since version: ConfigVersion, current: ConfigVersion
    ) async throws -> DirectoryChanges {
        var changes = DirectoryChanges(version: current, isComplete: false)
        let touched = try await all(
            "SELECT DISTINCT kind, subject FROM bursar.config_change WHERE version > \(version.number)"
        ) { try $0.decode(String.self, String.self) }
        for (kind, subject) in touched {
            switch kind {
            case "tenant": TenantID(subject).map { _ = changes.touchedTenants.insert($0) }
            case "client": ClientID(subject).map { _ = changes.touchedClients.insert($0) }
            case "credential": CredentialID(subject).map { _ = changes.touchedCredentials.insert($0) }
            // The peppers, named by nothing, are read below every time.
            case "keys": OwnerID(subject).map { _ = changes.touchedOwners.insert($0) }
            default: break
            }
        }
        let tenants: PostgresQuery = "tenant_id = ANY(\(changes.touchedTenants.map { $0.column }))"
        changes.tenants = try await self.tenants(tenants)
        changes.connections = try await connections(tenants)
        changes.clients = try await clients("client_id = ANY(\(changes.touchedClients.map(\.text)))")
        changes.credentials = try await credentials(
            "credential_id = ANY(\(changes.touchedCredentials.map { $0.column }))")
        // However many they are, they are one query: a rewrap touches thousands at a time.
        let owners = Set(changes.credentials.map(\.owner)).union(changes.touchedTenants.map { OwnerID($0) })
            .union(changes.touchedOwners)
        changes.dataKeys = try await keys(
            """
            SELECT owner_id, version, kek_id, wrapped FROM bursar.data_key
            WHERE owner_id = ANY(\(owners.map { $0.column }))
            """)
        changes.peppers = try await peppers()
        return changes
    }

    private func tenants(_ condition: PostgresQuery) async throws -> [TenantTerms] {
        try await all(
            "SELECT \(unescaped: termColumns) FROM bursar.tenant WHERE \(condition)", TenantTerms.init(row:))
    }

    private func connections(_ condition: PostgresQuery) async throws -> [Connection] {
        try await all(
            "SELECT \(unescaped: connectionColumns) FROM bursar.connection WHERE \(condition)",
            Connection.init(row:))
    }

    private func clients(_ condition: PostgresQuery) async throws -> [Client] {
        let tenants = try await tenantsOfClients(condition)
        return try await all(
            """
            SELECT client_id, secret_hash, pepper_version, provider, environment, expires_at
            FROM bursar.client WHERE revoked_at IS NULL AND \(condition)
            """
        ) { row in try Client(row: row, tenants: tenants[row.read("client_id")] ?? []) }
    }

    /// Gathered here: a sub-query for each client takes PostgreSQL longer than all the rest of a reading.
    private func tenantsOfClients(_ condition: PostgresQuery) async throws -> [ClientID: [TenantID]] {
        let pairs: [(ClientID, TenantID)] = try await all(
            "SELECT client_id, tenant_id FROM bursar.client_tenant WHERE \(condition)"
        ) { (try $0.read("client_id"), try $0.read("tenant_id")) }
        var tenants: [ClientID: [TenantID]] = [:]
        tenants.reserveCapacity(pairs.count)
        for (client, tenant) in pairs { tenants[client, default: []].append(tenant) }
        for (client, several) in tenants where several.count > 1 { tenants[client] = several.sorted() }
        return tenants
    }

    private func credentials(_ condition: PostgresQuery) async throws -> [Credential] {
        try await all(
            "SELECT \(unescaped: credentialColumns) FROM bursar.credential WHERE \(condition)",
            Credential.init(row:))
    }

    private func keys(_ query: PostgresQuery) async throws -> [WrappedDataKey] {
        try await all(query) { try WrappedDataKey(row: $0) }
    }

    private func peppers() async throws -> [WrappedDataKey] {
        try await connection.query("SELECT version, kek_id, wrapped FROM bursar.pepper ORDER BY version DESC")
            .map(Ledger.pepper(row:))
    }

    /// A table can hold millions of rows: they come in batches, which have no limit of bytes together, and
    /// one of time only each. What has come is decoded beside it, on as many cores as there are.
    private func all<Value: Sendable>(
        _ query: PostgresQuery, _ decode: @escaping @Sendable (PostgresRow) throws -> Value
    ) async throws -> [Value] {
        let decoding = Decoding(decode)
        _ = try await connection.batches(query, of: 5_000) { try await decoding.add($0) }
        return try await decoding.values()
    }
}

/// Rows on their way to values, in their order.
private actor Decoding<Value: Sendable> {
    private static var mostBatches: Int { 4 }

    private let decode: @Sendable (PostgresRow) throws -> Value
    private var batches: [Task<[Value], any Error>] = []
    private var decoded: [Value] = []

    init(_ decode: @escaping @Sendable (PostgresRow) throws -> Value) { self.decode = decode }

    /// Returns when few enough batches wait.
    func add(_ rows: [PostgresRow]) async throws {
        batches.append(Task { @concurrent [decode] in try rows.map(decode) })
        if batches.count > Self.mostBatches { try await takeOldest() }
    }

    func values() async throws -> [Value] {
        while !batches.isEmpty { try await takeOldest() }
        return decoded
    }

    private func takeOldest() async throws {
        let values = try await batches.removeFirst().value
        decoded += values
    }
}
