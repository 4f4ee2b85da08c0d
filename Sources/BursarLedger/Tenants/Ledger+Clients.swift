// Merchant backends' clients: issuing, listing, revoking.
package import BursarCore
internal import Postgres

/// A client as lists show it; its secret is stored nowhere.
package struct ClientRecord: Sendable {
    package let client: Client
    package let createdAt: Instant
    package let revokedAt: Instant?
}

extension Ledger {
    /// `lifetime` counts from now by the database's clock; nil never ends.
    package func issueClient(_ client: Client, lifetime: Duration?, by actor: Actor) async throws {
        try await change(by: actor) { change in
            try await change.connection.execute(
                """
                INSERT INTO bursar.client
                    (client_id, secret_hash, pepper_version, provider, environment, expires_at)
                VALUES (\(client.id), \(client.secretHash), \(client.pepperVersion)::int, \(client.provider),
                    \(client.environment), now() + \(lifetime.map(interval)))
                """)
            for tenant in client.tenants {
                let added = try await change.connection.execute(
                    """
                    INSERT INTO bursar.client_tenant (tenant_id, client_id)
                    SELECT tenant_id, \(client.id) FROM bursar.tenant WHERE tenant_id = \(tenant)
                    """)
                guard added == 1 else { throw LedgerError.notFound("there is no tenant \(tenant)") }
                change.audit(AuditEntry(tenant: tenant, action: .clientIssued, subject: client.id.text))
            }
            change.touch(client.id)
        }
    }

    package func clients(of tenant: TenantID?) async throws -> [ClientRecord] {
        if let tenant { _ = try await self.tenant(tenant) }
        return try await pool.query(
            """
            SELECT client_id, secret_hash, pepper_version, provider, environment, expires_at,
                ARRAY(SELECT tenant_id FROM bursar.client_tenant
                      WHERE client_tenant.client_id = client.client_id ORDER BY 1) AS tenants,
                created_at, revoked_at
            FROM bursar.client
            WHERE \(tenant)::uuid IS NULL OR EXISTS (
                SELECT FROM bursar.client_tenant
                WHERE client_tenant.client_id = client.client_id AND tenant_id = \(tenant))
            ORDER BY created_at, client_id
            """
        ).map { row in
            let tenants = try row.decode("tenants", as: [PostgresUUID].self).map(TenantID.init)
            return ClientRecord(
                client: try Client(row: row, tenants: tenants),
                createdAt: try row.decode("created_at", as: Instant.self),
                revokedAt: try row.decode("revoked_at", as: Instant?.self))
        }
    }

    package func revokeClient(_ id: ClientID, by actor: Actor) async throws {
        try await change(by: actor) { change in
            let changed = try await change.connection.execute(
                "UPDATE bursar.client SET revoked_at = now() WHERE client_id = \(id) AND revoked_at IS NULL")
            guard changed == 1 else {
                throw LedgerError.notFound("there is no client \(id), or it is revoked already")
            }
            let tenants = try await change.connection.query(
                "SELECT tenant_id FROM bursar.client_tenant WHERE client_id = \(id)")
            for row in tenants {
                let tenant = try row.decode("tenant_id", as: TenantID.self)
                change.audit(AuditEntry(tenant: tenant, action: .clientRevoked, subject: id.text))
            }
            change.touch(id)
        }
    }
}
