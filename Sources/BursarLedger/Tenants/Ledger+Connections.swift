// Connections: listing with their health, changing, removing, ending a quarantine.
package import BursarCore
internal import Postgres

/// A connection with how its token stands.
package struct ConnectionHealth: Sendable {
    package let connection: Connection
    package let credentialState: Credential.State
    package let clientID: String?
    /// When the former credential is withdrawn.
    package let formerUntil: Instant?
    /// The pending credential that waits to replace the present one.
    package let next: CredentialID?
    package let generation: Int64?
    package let issuedAt: Instant?
    package let expiresAt: Instant?
    package let failureReason: String?
    package let failureCount: Int?
    package let retryAt: Instant?
}

/// What `connection set` changes; nil leaves a member as it is.
package struct ConnectionInput: Sendable {
    package var credential: CredentialID?
    package var origins: [String]?
    package var keepWarm: Bool?

    package init(credential: CredentialID?, origins: [String]?, keepWarm: Bool?) {
        self.credential = credential
        self.origins = origins
        self.keepWarm = keepWarm
    }
}

/// Names one connection.
package struct ConnectionName: Sendable, CustomStringConvertible {
    package let tenant: TenantID
    package let provider: ProviderID
    package let environment: ProviderEnvironment

    package init(tenant: TenantID, provider: ProviderID, environment: ProviderEnvironment) {
        self.tenant = tenant
        self.provider = provider
        self.environment = environment
    }

    package var description: String { "\(provider) \(environment) of the tenant \(tenant)" }

    fileprivate var condition: PostgresQuery {
        "tenant_id = \(tenant) AND provider = \(provider) AND environment = \(environment)"
    }

    fileprivate var missing: LedgerError { .notFound("there is no connection \(self)") }
}

extension Ledger {
    package func connections(of tenant: TenantID?) async throws -> [ConnectionHealth] {
        if let tenant { _ = try await self.tenant(tenant) }
        return try await health("\(tenant)::uuid IS NULL OR connection.tenant_id = \(tenant)")
    }

    package func connection(_ name: ConnectionName) async throws -> ConnectionHealth {
        let condition: PostgresQuery = """
            connection.tenant_id = \(name.tenant) AND connection.provider = \(name.provider)
                AND connection.environment = \(name.environment)
            """
        guard let found = try await health(condition).first else { throw name.missing }
        return found
    }

    private func health(_ condition: PostgresQuery) async throws -> [ConnectionHealth] {
        try await pool.query(
            """
            SELECT connection.tenant_id, connection.provider, connection.environment,
                connection.credential_id, former_credential_id, next_credential_id, origins, keep_warm,
                credential.state, credential.provider_client_id, kept.retires_at,
                slot.generation, slot.issued_at, slot.expires_at, slot.failure_reason, slot.failure_count,
                slot.retry_at
            FROM bursar.connection
            JOIN bursar.credential ON credential.credential_id = connection.credential_id
            LEFT JOIN bursar.credential AS kept ON kept.credential_id = connection.former_credential_id
            LEFT JOIN LATERAL (
                SELECT * FROM bursar.token_slot
                WHERE token_slot.owner_id = credential.owner_id
                    AND token_slot.credential_id = credential.credential_id
                    AND token_slot.credential_version = credential.version
                ORDER BY token_slot.expires_at DESC NULLS LAST LIMIT 1
            ) AS slot ON true
            WHERE \(condition)
            ORDER BY connection.tenant_id, connection.provider, connection.environment
            """
        ).map { row in
            ConnectionHealth(
                connection: try Connection(row: row),
                credentialState: try row.decode("state", as: Credential.State.self),
                clientID: try row.decode("provider_client_id", as: String?.self),
                formerUntil: try row.decode("retires_at", as: Instant?.self),
                next: try row.decode("next_credential_id", as: CredentialID?.self),
                generation: try row.decode("generation", as: Int64?.self),
                issuedAt: try row.decode("issued_at", as: Instant?.self),
                expiresAt: try row.decode("expires_at", as: Instant?.self),
                failureReason: try row.decode("failure_reason", as: String?.self),
                failureCount: try row.decode("failure_count", as: Int32?.self).map(Int.init),
                retryAt: try row.decode("retry_at", as: Instant?.self))
        }
    }

    /// Changes a connection; with a credential it makes one that is not there yet.
    package func setConnection(
        _ name: ConnectionName, _ input: ConnectionInput, by actor: Actor
    ) async throws {
        try await change(by: actor) { change in
            let former = try await change.credential(of: name)
            if let credential = input.credential { try await change.connect(name, to: credential) }
            let changed = try await change.connection.execute(
                """
                UPDATE bursar.connection SET
                    origins = coalesce(\(input.origins), origins),
                    keep_warm = coalesce(\(input.keepWarm), keep_warm)
                WHERE \(name.condition)
                """)
            guard changed == 1 else { throw name.missing }
            change.record(.connectionSet, name, input.detail(instead: former))
        }
    }

    package func removeConnection(_ name: ConnectionName, by actor: Actor) async throws {
        try await change(by: actor) { change in
            let rows = try await change.connection.query(
                """
                DELETE FROM bursar.connection WHERE \(name.condition)
                RETURNING credential_id, former_credential_id, next_credential_id
                """)
            guard let row = rows.first else { throw name.missing }
            let present = try row.decode("credential_id", as: CredentialID.self)
            // A credential that nothing uses any more goes with its last connection, and its tokens with it.
            for column in ["credential_id", "former_credential_id", "next_credential_id"] {
                guard let id = try row.decode(column, as: CredentialID?.self) else { continue }
                try await change.deleteUnused(id, formerlyOf: name.tenant)
            }
            change.record(.connectionRemoved, name, ["credential": present.description])
        }
    }

    /// Ends a quarantine or a cooling down now: the next request asks the provider.
    package func retryConnection(_ name: ConnectionName, by actor: Actor) async throws {
        try await change(by: actor) { change in
            let rows = try await change.connection.query(
                """
                SELECT credential_id, owner_id
                FROM bursar.connection JOIN bursar.credential USING (credential_id, provider, environment)
                WHERE \(name.condition) FOR SHARE OF connection
                """)
            guard let row = rows.first else { throw name.missing }
            let (credential, owner) = try row.decode(CredentialID.self, OwnerID.self)
            // By the owner too: their index begins with it.
            try await change.connection.execute(
                """
                UPDATE bursar.token_slot SET failure_reason = NULL, failure_count = 0, retry_at = NULL
                WHERE owner_id = \(owner) AND credential_id = \(credential)
                """)
            try await change.connection.execute(
                """
                UPDATE bursar.credential SET state = 'active'
                WHERE owner_id = \(owner) AND credential_id = \(credential) AND state = 'rejected'
                """)
            change.touch(credential)
            change.record(.connectionRetried, name, ["credential": credential.description])
        }
    }
}

extension ConfigurationChange {
    /// Connects by a credential that is there. One of another tenant alone cannot be used: its owner's data
    /// key must not come to depend on this tenant.
    fileprivate mutating func connect(_ name: ConnectionName, to id: CredentialID) async throws {
        // Before it is read: a rotation that is under way ends first, and the next one finds this connection.
        try await keepUsers(of: id)
        let rows = try await connection.query(
            "SELECT \(unescaped: credentialColumns) FROM bursar.credential WHERE credential_id = \(id)")
        guard let row = rows.first else { throw LedgerError.notFound("there is no credential \(id)") }
        let credential = try Credential(row: row)
        guard credential.provider == name.provider, credential.environment == name.environment else {
            throw LedgerError.refused(
                "the credential \(id) is for \(credential.provider) \(credential.environment), "
                    + "not for \(name.provider) \(name.environment)")
        }
        guard credential.isPlatform || credential.owner == OwnerID(name.tenant) else {
            throw LedgerError.refused(
                "the credential \(id) belongs to another tenant; a shared one is made by "
                    + "`bursar credential set` with several --tenant")
        }
        try await requireNoRotation(of: credential)
        try await requireTenant(name.tenant)
        // It joins the credential's other connections in whatever rotation they are.
        try await connection.execute(
            """
            INSERT INTO bursar.connection
                (tenant_id, provider, environment, credential_id, former_credential_id, next_credential_id)
            SELECT \(name.tenant), \(name.provider), \(name.environment), \(id), former_credential_id,
                next_credential_id
            FROM (SELECT) AS always LEFT JOIN (
                SELECT former_credential_id, next_credential_id FROM bursar.connection
                WHERE credential_id = \(id) LIMIT 1) AS others ON true
            ON CONFLICT (tenant_id, provider, environment) DO UPDATE SET
                credential_id = excluded.credential_id,
                former_credential_id = excluded.former_credential_id,
                next_credential_id = excluded.next_credential_id
            """)
        touch(id)
    }

    /// The connection's present credential, if it is there; it stays until the change is done.
    fileprivate func credential(of name: ConnectionName) async throws -> CredentialID? {
        try await connection.query(
            "SELECT credential_id FROM bursar.connection WHERE \(name.condition) FOR UPDATE"
        ).first?.decode("credential_id", as: CredentialID.self)
    }

    fileprivate mutating func record(
        _ action: AuditEntry.Action, _ name: ConnectionName, _ detail: [String: String]
    ) {
        touch(name.tenant)
        audit(
            AuditEntry(
                tenant: name.tenant, action: action, subject: "\(name.provider) \(name.environment)",
                detail: detail))
    }
}

extension ConnectionInput {
    /// What was changed, for the audit trail.
    fileprivate func detail(instead former: CredentialID?) -> [String: String] {
        var detail: [String: String] = [:]
        detail["credential"] = credential?.description
        if credential != nil { detail["former_credential"] = former?.description }
        detail["origins"] = origins?.joined(separator: " ")
        detail["keep_warm"] = keepWarm.map { String($0) }
        return detail
    }
}
