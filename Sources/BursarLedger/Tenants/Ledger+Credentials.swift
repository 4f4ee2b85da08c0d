// Credentials with providers: setting and showing. How one takes the place of another: Ledger+Rotation.
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
    /// How long a credential that it replaces is kept; nil: as before, or a day.
    package var overlap: Duration?
    /// Whether the provider has just given a token for it, without which it replaces none.
    package var isVerified: Bool

    package init(
        provider: ProviderID, environment: ProviderEnvironment, clientID: String?, secret: Secret,
        tenants: [TenantID], sharesToken: Bool, isPending: Bool, overlap: Duration? = nil,
        isVerified: Bool = false
    ) {
        self.provider = provider
        self.environment = environment
        self.clientID = clientID
        self.secret = secret
        self.tenants = tenants
        self.sharesToken = sharesToken
        self.isPending = isPending
        self.overlap = overlap
        self.isVerified = isVerified
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
    /// Whose present credential it is, or will be once it is not pending.
    package let tenants: [TenantID]
    /// For whom it is kept though it was replaced.
    package let formerOf: [TenantID]
    /// For whom it waits to replace the present one.
    package let nextOf: [TenantID]
    package let createdAt: Instant
    /// When it is withdrawn, if it is only kept.
    package let retiresAt: Instant?
}

extension Ledger {
    /// The first credential of each named tenant's connection is active at once, unless it is to be pending.
    /// A pending one takes id and secret from here. One more replaces the present one, if it was verified, or
    /// waits to.
    package func setCredential(
        _ input: CredentialInput, sealing: Sealing, by actor: Actor
    ) async throws -> CredentialOutcome {
        try await change(by: actor) { try await $0.set(input, sealing: sealing) }
    }

    package func credentials(of tenant: TenantID?) async throws -> [CredentialUse] {
        if let tenant { _ = try await self.tenant(tenant) }
        return try await credentialUses(
            """
            \(tenant)::uuid IS NULL OR EXISTS (
                SELECT FROM bursar.connection WHERE tenant_id = \(tenant) AND credential.credential_id IN (
                    connection.credential_id, former_credential_id, next_credential_id))
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
            SELECT \(unescaped: credentialColumns), created_at, retires_at,
                ARRAY(SELECT tenant_id FROM bursar.connection
                      WHERE connection.credential_id = credential.credential_id ORDER BY 1) AS tenants,
                ARRAY(SELECT tenant_id FROM bursar.connection
                      WHERE former_credential_id = credential.credential_id ORDER BY 1) AS former_of,
                ARRAY(SELECT tenant_id FROM bursar.connection
                      WHERE next_credential_id = credential.credential_id ORDER BY 1) AS next_of
            FROM bursar.credential WHERE \(condition) ORDER BY created_at, credential_id
            """
        ).map { row in
            func tenants(_ column: String) throws -> [TenantID] {
                try row.decode(column, as: [PostgresUUID].self).map(TenantID.init)
            }
            return CredentialUse(
                credential: try Credential(row: row), tenants: try tenants("tenants"),
                formerOf: try tenants("former_of"), nextOf: try tenants("next_of"),
                createdAt: try row.decode("created_at", as: Instant.self),
                retiresAt: try row.decode("retires_at", as: Instant?.self))
        }
    }
}

extension ConfigurationChange {
    mutating func set(_ input: CredentialInput, sealing: Sealing) async throws -> CredentialOutcome {
        for tenant in input.tenants { try await requireTenant(tenant) }
        switch try await place(of: input) {
        case .first:
            return CredentialOutcome(try await setFirst(input, sealing: sealing))
        case .completes(let pending):
            try await complete(pending, with: input, sealing: sealing)
            return CredentialOutcome(pending.id)
        case .replaces(let present, let next):
            return try await replace(present, next: next, with: input, sealing: sealing)
        }
    }

    private mutating func setFirst(_ input: CredentialInput, sealing: Sealing) async throws -> CredentialID {
        let isPlatform = input.tenants.count > 1
        let owner = isPlatform ? OwnerID(Ledger.newID()) : OwnerID(input.tenants[0])
        let id = CredentialID(Ledger.newID())
        try await insert(id, owner: owner, isPlatform: isPlatform, input, sealing: sealing)
        for tenant in input.tenants { try await connect(tenant, to: id, input) }
        record(id, input)
        return id
    }

    /// Keeps the tenant from being deleted until the change is done.
    func requireTenant(_ tenant: TenantID) async throws {
        let rows = try await connection.query(
            "SELECT 1 AS found FROM bursar.tenant WHERE tenant_id = \(tenant) FOR SHARE")
        guard !rows.isEmpty else { throw LedgerError.notFound("there is no tenant \(tenant)") }
    }

    /// Id or secret of a pending credential have come; it goes into use unless it is to stay pending. A new
    /// secret is a new version: what is sealed is bound to the version it was sealed for.
    mutating func complete(
        _ credential: Credential, with input: CredentialInput, sealing: Sealing
    ) async throws {
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
                shares_token = shares_token OR \(input.sharesToken), state = \(state(input)),
                overlap_seconds = coalesce(\(input.overlap?.components.seconds)::int, overlap_seconds)
            WHERE owner_id = \(credential.owner) AND credential_id = \(credential.id)
            """)
        record(credential.id, input)
    }

    func insert(
        _ id: CredentialID, owner: OwnerID, isPlatform: Bool, _ input: CredentialInput, sealing: Sealing
    ) async throws {
        let secret = try await columns(input, id: id, owner: owner, version: 1, sealing: sealing)
        try await connection.execute(
            """
            INSERT INTO bursar.credential
                (owner_id, credential_id, provider, environment, version, provider_client_id, secret_sealed,
                 secret_key_version, secret_ref, state, is_platform, shares_token, overlap_seconds)
            VALUES (\(owner), \(id), \(input.provider), \(input.environment), 1, \(input.clientID),
                \(secret.sealed), \(secret.keyVersion), \(secret.reference), \(state(input)), \(isPlatform),
                \(input.sharesToken), coalesce(\(input.overlap?.components.seconds)::int, 86400))
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

    mutating func record(_ id: CredentialID, _ input: CredentialInput) {
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
