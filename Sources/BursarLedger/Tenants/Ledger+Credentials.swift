// Credentials with providers: setting, showing, activating.
package import BursarCore
internal import Postgres

/// What `credential set` was told. Both members may come later while it is pending (PROVIDERS P5).
package struct CredentialInput: Sendable {
    package enum Secret: Sendable {
        /// To be sealed by `Sealing.seal`.
        case given
        case reference(String)
        case missing
    }

    package var provider: ProviderID
    package var environment: ProviderEnvironment
    package var clientID: String?
    package var secret: Secret
    package var tenants: [TenantID]
    package var sharesToken: Bool
    package var isPending: Bool

    package init(
        provider: ProviderID, environment: ProviderEnvironment, clientID: String?, secret: Secret,
        tenants: [TenantID], sharesToken: Bool, isPending: Bool
    ) {
        self.provider = provider
        self.environment = environment
        self.clientID = clientID
        self.secret = secret
        self.tenants = tenants
        self.sharesToken = sharesToken
        self.isPending = isPending
    }

    fileprivate var bringsSecret: Bool {
        switch secret {
        case .given, .reference: true
        case .missing: false
        }
    }

    fileprivate var isComplete: Bool { clientID != nil && bringsSecret }
}

/// A credential with the tenants that use it.
package struct CredentialUse: Sendable {
    package let credential: Credential
    package let tenants: [TenantID]
    package let createdAt: Instant
}

extension Ledger {
    /// The first credential of each named tenant's connection; it is active at once unless it is to be
    /// pending. A connection whose credential is pending takes id and secret from here.
    package func setCredential(
        _ input: CredentialInput, sealing: Sealing, by actor: Actor
    ) async throws -> CredentialID {
        try await change(by: actor) { try await $0.set(input, sealing: sealing) }
    }

    package func credentials(of tenant: TenantID?) async throws -> [CredentialUse] {
        if let tenant { _ = try await self.tenant(tenant) }
        return try await credentialUses(
            """
            \(tenant)::uuid IS NULL OR EXISTS (
                SELECT FROM bursar.connection
                WHERE connection.credential_id = credential.credential_id AND tenant_id = \(tenant))
            """)
    }

    package func credential(_ id: CredentialID) async throws -> CredentialUse {
        guard let use = try await credentialUses("credential_id = \(id)").first else {
            throw LedgerError.notFound("there is no credential \(id)")
        }
        return use
    }

    private func credentialUses(_ condition: PostgresQuery) async throws -> [CredentialUse] {
        try await pool.query(
            """
            SELECT \(unescaped: credentialColumns), created_at,
                ARRAY(SELECT tenant_id FROM bursar.connection
                      WHERE connection.credential_id = credential.credential_id ORDER BY 1) AS tenants
            FROM bursar.credential WHERE \(condition) ORDER BY created_at, credential_id
            """
        ).map { row in
            let tenants = try row.decode("tenants", as: [PostgresUUID].self)
            return CredentialUse(
                credential: try Credential(row: row),
                tenants: tenants.map(TenantID.init),
                createdAt: try row.decode("created_at", as: Instant.self))
        }
    }

    /// A pending credential goes into use.
    package func activateCredential(_ id: CredentialID, by actor: Actor) async throws {
        let use = try await credential(id)
        guard use.credential.state == .pending else {
            throw LedgerError.refused("the credential \(id) is \(use.credential.state.rawValue), not pending")
        }
        guard use.credential.clientID != nil, use.credential.secret != .missing else {
            throw LedgerError.refused(
                "the credential \(id) lacks its client id or secret; give them with `bursar credential set`")
        }
        try await change(by: actor) { change in
            try await change.connection.execute(
                """
                UPDATE bursar.credential SET state = 'active'
                WHERE credential_id = \(id) AND state = 'pending'
                """)
            change.touch(id)
            change.audit(
                AuditEntry(
                    tenant: use.credential.isPlatform ? nil : TenantID(use.credential.owner.uuid),
                    action: .credentialActivated, subject: id.description))
        }
    }
}

extension ConfigurationChange {
    mutating func set(_ input: CredentialInput, sealing: Sealing) async throws -> CredentialID {
        for tenant in input.tenants { try await requireTenant(tenant) }
        if let pending = try await pendingCredential(input) {
            return try await complete(pending, with: input, sealing: sealing)
        }
        let isPlatform = input.tenants.count > 1
        let owner = isPlatform ? OwnerID(Ledger.newID()) : OwnerID(input.tenants[0])
        let id = CredentialID(Ledger.newID())
        try await insert(id, owner: owner, isPlatform: isPlatform, input, sealing: sealing)
        for tenant in input.tenants { try await connect(tenant, to: id, input) }
        record(id, owner: owner, input)
        return id
    }

    /// Keeps the tenant from being deleted until the change is done.
    func requireTenant(_ tenant: TenantID) async throws {
        let rows = try await connection.query(
            "SELECT 1 AS found FROM bursar.tenant WHERE tenant_id = \(tenant) FOR SHARE")
        guard !rows.isEmpty else { throw LedgerError.notFound("there is no tenant \(tenant)") }
    }

    /// The pending credential of exactly these tenants' connections; nil when none of them is connected.
    private func pendingCredential(_ input: CredentialInput) async throws -> Credential? {
        let rows = try await connection.query(
            """
            SELECT \(unescaped: credentialColumns), connection.tenant_id AS connected
            FROM bursar.connection JOIN bursar.credential USING (credential_id, provider, environment)
            WHERE provider = \(input.provider) AND environment = \(input.environment)
                AND connection.tenant_id = ANY(\(input.tenants.map { $0.column }))
            """)
        guard let first = rows.first else { return nil }
        let credential = try Credential(row: first)
        let samePending = try rows.allSatisfy { row in
            try row.decode("credential_id", as: CredentialID.self) == credential.id
        }
        guard credential.state == .pending, samePending, rows.count == input.tenants.count else {
            let tenant = try first.decode("connected", as: TenantID.self)
            throw LedgerError.refused(
                "the tenant \(tenant) has a credential for \(input.provider) \(input.environment) already; "
                    + "remove the connection first (`bursar connection remove`)")
        }
        return credential
    }

    /// Id or secret of a pending credential have come; it goes into use unless it is to stay pending. A new
    /// secret is a new version: what is sealed is bound to the version it was sealed for.
    private mutating func complete(
        _ credential: Credential, with input: CredentialInput, sealing: Sealing
    ) async throws -> CredentialID {
        if input.bringsSecret {
            let version = credential.version + 1
            let secret = try await columns(
                input, id: credential.id, owner: credential.owner, version: version, sealing: sealing)
            try await connection.execute(
                """
                UPDATE bursar.credential SET
                    version = \(version)::int, secret_sealed = \(secret.sealed),
                    secret_key_version = \(secret.keyVersion), secret_ref = \(secret.reference)
                WHERE owner_id = \(credential.owner) AND credential_id = \(credential.id)
                """)
        }
        try await connection.execute(
            """
            UPDATE bursar.credential SET
                provider_client_id = coalesce(\(input.clientID), provider_client_id),
                shares_token = shares_token OR \(input.sharesToken), state = \(state(input))
            WHERE owner_id = \(credential.owner) AND credential_id = \(credential.id)
            """)
        record(credential.id, owner: credential.owner, input)
        return credential.id
    }

    private func insert(
        _ id: CredentialID, owner: OwnerID, isPlatform: Bool, _ input: CredentialInput, sealing: Sealing
    ) async throws {
        let secret = try await columns(input, id: id, owner: owner, version: 1, sealing: sealing)
        try await connection.execute(
            """
            INSERT INTO bursar.credential
                (owner_id, credential_id, provider, environment, version, provider_client_id, secret_sealed,
                 secret_key_version, secret_ref, state, is_platform, shares_token)
            VALUES (\(owner), \(id), \(input.provider), \(input.environment), 1, \(input.clientID),
                \(secret.sealed), \(secret.keyVersion), \(secret.reference), \(state(input)), \(isPlatform),
                \(input.sharesToken))
            """)
    }

    private func state(_ input: CredentialInput) throws -> Credential.State {
        if input.isPending { return .pending }
        guard input.isComplete else {
            throw LedgerError.refused("a credential in use needs a client id and a secret; or say --pending")
        }
        return .active
    }

    private func columns(
        _ input: CredentialInput, id: CredentialID, owner: OwnerID, version: Int, sealing: Sealing
    ) async throws -> (sealed: [UInt8]?, keyVersion: Int32?, reference: String?) {
        // The owner's tokens are sealed under this key, wherever its secret is kept.
        let key = try await dataKey(of: owner, make: sealing.makeKey)
        switch input.secret {
        case .missing: return (nil, nil, nil)
        case .reference(let reference): return (nil, nil, reference)
        case .given:
            let place = Credential.secretPlace(
                owner: owner, provider: input.provider, id: id, version: version)
            let sealed = try sealing.seal(key, place)
            return (sealed.bytes, Int32(sealed.keyVersion), nil)
        }
    }

    private mutating func connect(
        _ tenant: TenantID, to credential: CredentialID, _ input: CredentialInput
    ) async throws {
        try await connection.execute(
            """
            INSERT INTO bursar.connection (tenant_id, provider, environment, credential_id)
            VALUES (\(tenant), \(input.provider), \(input.environment), \(credential))
            """)
    }

    private mutating func record(_ id: CredentialID, owner: OwnerID, _ input: CredentialInput) {
        touch(id)
        for tenant in input.tenants {
            touch(tenant)
            audit(
                AuditEntry(
                    tenant: tenant, action: .credentialSet, subject: id.description,
                    detail: [
                        "provider": input.provider.text, "environment": input.environment.rawValue,
                        "state": input.isPending ? "pending" : "active",
                    ]))
            if input.sharesToken {
                audit(AuditEntry(tenant: tenant, action: .credentialShared, subject: id.description))
            }
        }
    }
}
