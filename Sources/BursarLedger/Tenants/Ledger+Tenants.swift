// Tenants: adding, changing, listing, deleting.
package import BursarCore
internal import Postgres

extension Ledger {
    package func addTenant(_ tenant: Tenant, sealing: Sealing, by actor: Actor) async throws {
        try await change(by: actor) { try await $0.add(tenant, sealing: sealing) }
    }

    package func tenants() async throws -> [Tenant] {
        try await pool.query(
            "SELECT \(unescaped: tenantColumns) FROM bursar.tenant ORDER BY name, tenant_id"
        ).map(Tenant.init(row:))
    }

    package func tenant(_ id: TenantID) async throws -> Tenant {
        let rows = try await pool.query(
            "SELECT \(unescaped: tenantColumns) FROM bursar.tenant WHERE tenant_id = \(id)")
        guard let row = rows.first else { throw LedgerError.notFound("there is no tenant \(id)") }
        return try Tenant(row: row)
    }

    package func renameTenant(_ id: TenantID, to name: String, by actor: Actor) async throws {
        try await update(id, "name = \(name)", .tenantRenamed, ["name": name], by: actor)
    }

    package func setState(_ state: Tenant.State, of id: TenantID, by actor: Actor) async throws {
        let action: AuditEntry.Action =
            switch state {
            case .active: .tenantResumed
            case .suspended: .tenantSuspended
            }
        try await update(id, "state = \(state)", action, [:], by: actor)
    }

    package func setLimit(_ limit: RateLimit, of id: TenantID, by actor: Actor) async throws {
        try await update(
            id,
            """
            limit_count = \(limit.count)::int, limit_burst = \(limit.burst)::int,
            limit_period_seconds = \(limit.period.components.seconds)::int
            """,
            .tenantLimited, ["rate": limit.description, "burst": String(limit.burst)], by: actor)
    }

    private func update(
        _ id: TenantID, _ assignment: PostgresQuery, _ action: AuditEntry.Action, _ detail: [String: String],
        by actor: Actor
    ) async throws {
        try await change(by: actor) { change in
            let changed = try await change.connection.execute(
                "UPDATE bursar.tenant SET \(assignment) WHERE tenant_id = \(id)")
            guard changed == 1 else { throw LedgerError.notFound("there is no tenant \(id)") }
            change.touch(id)
            change.audit(AuditEntry(tenant: id, action: action, subject: id.description, detail: detail))
        }
    }

    /// Deletes the tenant with its connections, credentials, tokens and data keys, and clients that act for
    /// nobody else. Usage and audit lines stay.
    package func deleteTenant(_ id: TenantID, by actor: Actor) async throws {
        try await change(by: actor) { try await $0.deleteTenant(id) }
    }
}

extension ConfigurationChange {
    mutating func add(_ tenant: Tenant, sealing: Sealing) async throws {
        let limit = tenant.limit
        let added = try await connection.execute(
            """
            INSERT INTO bursar.tenant (tenant_id, name, limit_count, limit_period_seconds, limit_burst)
            VALUES (\(tenant.id), \(tenant.name), \(limit.count)::int,
                \(limit.period.components.seconds)::int, \(limit.burst)::int)
            ON CONFLICT DO NOTHING
            """)
        guard added == 1 else { throw LedgerError.refused("the tenant \(tenant.id) is there already") }
        _ = try await dataKey(of: OwnerID(tenant.id), make: sealing.makeKey)
        touch(tenant.id)
        audit(
            AuditEntry(
                tenant: tenant.id, action: .tenantAdded, subject: tenant.id.description,
                detail: ["name": tenant.name, "rate": limit.description, "burst": String(limit.burst)]))
    }

    fileprivate mutating func deleteTenant(_ id: TenantID) async throws {
        let clients = try await connection.query(
            "DELETE FROM bursar.client_tenant WHERE tenant_id = \(id) RETURNING client_id"
        ).map { try $0.decode("client_id", as: ClientID.self) }
        try await connection.execute(
            """
            DELETE FROM bursar.client WHERE client_id = ANY(\(clients.map(\.text)))
                AND NOT EXISTS (
                    SELECT FROM bursar.client_tenant WHERE client_tenant.client_id = client.client_id)
            """)
        try await connection.execute("DELETE FROM bursar.connection WHERE tenant_id = \(id)")
        let credentials = try await deleteUnusedCredentials(of: OwnerID(id))
        let deleted = try await connection.execute("DELETE FROM bursar.tenant WHERE tenant_id = \(id)")
        guard deleted == 1 else { throw LedgerError.notFound("there is no tenant \(id)") }
        try await connection.execute("DELETE FROM bursar.data_key WHERE owner_id = \(id)")
        for client in clients { touch(client) }
        for credential in credentials { touch(credential) }
        touch(id)
        let retired = credentials.map(\.description).sorted().joined(separator: " ")
        audit(
            AuditEntry(
                tenant: id, action: .tenantDeleted, subject: id.description,
                detail: retired.isEmpty ? [:] : ["retired": retired]))
    }

    /// The owner's own credentials, and platform credentials that no connection uses any more.
    private func deleteUnusedCredentials(of owner: OwnerID) async throws -> [CredentialID] {
        let rows = try await connection.query(
            """
            DELETE FROM bursar.credential WHERE owner_id = \(owner)
                OR (is_platform AND NOT EXISTS (
                    SELECT FROM bursar.connection WHERE credential.credential_id IN (
                        connection.credential_id, former_credential_id, next_credential_id)))
            RETURNING credential_id, owner_id
            """)
        let gone = try rows.map { try $0.decode(CredentialID.self, OwnerID.self) }
        let owners = gone.map { PostgresUUID($0.1.uuid) }
        try await connection.execute(
            """
            DELETE FROM bursar.data_key WHERE owner_id = ANY(\(owners)) AND NOT EXISTS (
                SELECT FROM bursar.credential WHERE credential.owner_id = data_key.owner_id)
            """)
        return gone.map(\.0)
    }
}
