// The steps of a rotation within one change of the configuration.
internal import BursarCore
internal import Postgres

extension ConfigurationChange {
    /// Where a credential that is set belongs.
    enum CredentialPlace {
        /// None of the tenants is connected.
        case first
        /// They wait for this one.
        case completes(Credential)
        case replaces(Credential, next: Credential?)
    }

    /// A credential is replaced for exactly the tenants that use it. The connections stay locked, and no
    /// further one joins them.
    func place(of input: CredentialInput) async throws -> CredentialPlace {
        let rows = try await connection.query(
            """
            SELECT \(unescaped: credentialColumns), next_credential_id
            FROM bursar.connection JOIN bursar.credential USING (credential_id, provider, environment)
            WHERE provider = \(input.provider) AND environment = \(input.environment)
                AND connection.tenant_id = ANY(\(input.tenants.map { $0.column }))
            ORDER BY connection.tenant_id FOR UPDATE OF connection
            """)
        guard let first = rows.first else { return .first }
        let present = try Credential(row: first)
        try await keepUsers(of: present.id)
        let ids = try Set(rows.map { try $0.decode("credential_id", as: CredentialID.self) })
        let users = try await users(of: present.id).present
        guard ids.count == 1, Set(users) == Set(input.tenants) else {
            throw LedgerError.refused(
                "a credential is replaced for exactly the tenants that use it: the credential \(present.id) "
                    + "for \(input.provider) \(input.environment) is that of "
                    + users.map(\.description).joined(separator: ", ")
                    + "; name these (`bursar credential list` shows all), or first give the others a "
                    + "connection of their own")
        }
        guard present.state != .pending else { return .completes(present) }
        guard let next = try first.decode("next_credential_id", as: CredentialID?.self) else {
            return .replaces(present, next: nil)
        }
        return .replaces(present, next: try await credential(next).credential)
    }

    mutating func replace(
        _ present: Credential, next: Credential?, with input: CredentialInput, sealing: Sealing
    ) async throws -> CredentialOutcome {
        guard input.isPending || input.isVerified else {
            throw LedgerError.refused(
                "there is a credential for \(input.provider) \(input.environment) already, \(present.id); "
                    + "one more replaces it once the provider has given a token for it: "
                    + "run `bursar credential set` for it")
        }
        var input = input
        // What was accepted for the tenants stays accepted: else their clients would be refused.
        input.sharesToken = input.sharesToken || present.sharesToken
        let id = next?.id ?? CredentialID(Ledger.newID())
        if let next {
            try await complete(next, with: input, sealing: sealing)
        } else {
            try await insert(
                id, owner: present.owner, isPlatform: present.isPlatform, input, sealing: sealing)
            record(id, input)
        }
        guard input.isPending else { return try await swap(present.id, for: id) }
        try await connection.execute(
            "UPDATE bursar.connection SET next_credential_id = \(id) WHERE credential_id = \(present.id)")
        return CredentialOutcome(id)
    }

    mutating func activate(_ id: CredentialID) async throws -> CredentialOutcome {
        let (credential, overlap) = try await credential(id)
        let users = try await users(of: id)
        switch credential.state {
        case .pending:
            guard credential.clientID != nil, credential.secret != .missing else {
                throw LedgerError.refused(
                    "the credential \(id) lacks its client id or secret; give them with "
                        + "`bursar credential set`")
            }
            if let present = users.replacing { return try await swap(present, for: id) }
            try await setActive(id, overlap: overlap)
            recordActivation(of: id, for: users.present, [:])
            return CredentialOutcome(id)
        case .retiring:
            guard let present = users.replacing else {
                throw LedgerError.refused(
                    "the credential \(id) is not kept for any connection; retire it with "
                        + "`bursar credential retire`")
            }
            // The way back keeps the overlap of the way there.
            try await setActive(id, overlap: try await self.credential(present).overlap)
            return try await swap(present, for: id)
        case .active:
            throw LedgerError.refused("the credential \(id) is active already")
        case .rejected:
            throw LedgerError.refused(
                "the credential \(id) is in use, and the provider rejects it; `bursar connection retry` has "
                    + "it tried again, `bursar credential set` replaces it")
        }
    }

    mutating func retire(_ id: CredentialID) async throws {
        _ = try await credential(id)
        let users = try await users(of: id).present
        guard users.isEmpty else {
            throw LedgerError.refused(
                "the credential \(id) is in use by " + users.map(\.description).joined(separator: ", ")
                    + "; replace it with `bursar credential set`, or go back to a former one with "
                    + "`bursar credential activate`, or remove the connection")
        }
        try await withdraw(id)
    }

    // MARK: Steps

    /// The connections of `present` go over to `successor`. A connection keeps one former credential at most:
    /// an older one is withdrawn.
    private mutating func swap(
        _ present: CredentialID, for successor: CredentialID
    ) async throws -> CredentialOutcome {
        var outcome = CredentialOutcome(successor)
        try await keepUsers(of: present)
        outcome.retired = try await connection.query(
            """
            SELECT DISTINCT former_credential_id FROM bursar.connection
            WHERE credential_id = \(present) AND former_credential_id <> \(successor)
            """
        ).map { try $0.decode("former_credential_id", as: CredentialID.self) }
        for older in outcome.retired { try await withdraw(older) }
        let overlap = try await setActive(successor, overlap: try await credential(successor).overlap)
        let tenants = try await connection.query(
            """
            UPDATE bursar.connection SET
                credential_id = \(successor), former_credential_id = \(present),
                next_credential_id = nullif(next_credential_id, \(successor))
            WHERE credential_id = \(present) RETURNING tenant_id
            """
        ).map { try $0.decode("tenant_id", as: TenantID.self) }
        recordActivation(
            of: successor, for: tenants,
            ["replaces": present.description, "overlap_seconds": String(overlap)])
        touch(present)
        if overlap > 0 {
            try await connection.execute(
                """
                UPDATE bursar.credential SET
                    state = 'retiring', retires_at = now() + make_interval(secs => \(overlap)::int)
                WHERE credential_id = \(present)
                """)
            outcome.former = present
        } else {
            try await withdraw(present)
            outcome.retired.append(present)
        }
        return outcome
    }

    @discardableResult
    private func setActive(_ id: CredentialID, overlap: Int) async throws -> Int {
        try await connection.execute(
            """
            UPDATE bursar.credential SET
                state = 'active', retires_at = NULL, overlap_seconds = \(overlap)::int
            WHERE credential_id = \(id)
            """)
        return overlap
    }

    /// Deletes a credential that no connection presently uses, with its tokens.
    mutating func withdraw(_ id: CredentialID) async throws {
        let credential = try await credential(id).credential
        let users = try await users(of: id)
        try await delete(id)
        let tenants = credential.isPlatform ? users.former + users.next : [TenantID(credential.owner.uuid)]
        for tenant in tenants { touch(tenant) }
        audit(.credentialRetired, id, for: tenants)
    }

    /// Deletes a credential that no connection knows any more, now that the tenant's has gone.
    mutating func deleteUnused(_ id: CredentialID, formerlyOf tenant: TenantID) async throws {
        guard try await users(of: id).isEmpty else { return touch(id) }
        try await delete(id)
        audit(.credentialRetired, id, for: [tenant])
    }

    private mutating func delete(_ id: CredentialID) async throws {
        touch(id)
        let rows = try await connection.query(
            "DELETE FROM bursar.credential WHERE credential_id = \(id) RETURNING owner_id, is_platform")
        for row in rows where try row.decode("is_platform", as: Bool.self) {
            let owner = try row.decode("owner_id", as: OwnerID.self)
            try await connection.execute(
                """
                DELETE FROM bursar.data_key WHERE owner_id = \(owner) AND NOT EXISTS (
                    SELECT FROM bursar.credential WHERE owner_id = \(owner))
                """)
        }
    }

    private mutating func recordActivation(
        of id: CredentialID, for tenants: [TenantID], _ detail: [String: String]
    ) {
        touch(id)
        for tenant in tenants { touch(tenant) }
        audit(.credentialActivated, id, for: tenants, detail)
    }

    private mutating func audit(
        _ action: AuditEntry.Action, _ id: CredentialID, for tenants: [TenantID],
        _ detail: [String: String] = [:]
    ) {
        for tenant in tenants.isEmpty ? [nil] : tenants.map(Optional.some) {
            audit(AuditEntry(tenant: tenant, action: action, subject: id.description, detail: detail))
        }
    }

    // MARK: Looking

    /// A credential is refused to further connections while it waits to replace another, or is replaced.
    func requireNoRotation(of credential: Credential) async throws {
        let waits = try await !users(of: credential.id).next.isEmpty
        guard credential.state != .retiring, !waits else {
            throw LedgerError.refused(
                "the credential \(credential.id) is \(credential.state.rawValue) in a rotation; "
                    + "`bursar credential activate \(credential.id)` puts it into use")
        }
    }

    /// Nobody else connects by the credential, or takes it out of use, until the change is done: a connection
    /// that is not committed yet would not be moved with the others. A token may be stored meanwhile.
    func keepUsers(of id: CredentialID) async throws {
        _ = try await connection.query(
            "SELECT FROM bursar.credential WHERE credential_id = \(id) FOR NO KEY UPDATE")
    }

    private func credential(_ id: CredentialID) async throws -> (credential: Credential, overlap: Int) {
        let rows = try await connection.query(
            """
            SELECT \(unescaped: credentialColumns), overlap_seconds FROM bursar.credential
            WHERE credential_id = \(id) FOR UPDATE
            """)
        guard let row = rows.first else { throw LedgerError.notFound("there is no credential \(id)") }
        return (try Credential(row: row), try row.decode("overlap_seconds", as: Int.self))
    }

    /// Who uses a credential, and how.
    private struct Users {
        var present: [TenantID] = []
        var former: [TenantID] = []
        var next: [TenantID] = []
        /// The present credential of those for whom it is a former or the next one.
        var replacing: CredentialID?

        var isEmpty: Bool { present.isEmpty && former.isEmpty && next.isEmpty }
    }

    private func users(of id: CredentialID) async throws -> Users {
        var users = Users()
        let rows = try await connection.query(
            """
            SELECT tenant_id, credential_id, former_credential_id, next_credential_id FROM bursar.connection
            WHERE \(id) IN (credential_id, former_credential_id, next_credential_id) ORDER BY tenant_id
            """)
        for row in rows {
            let tenant = try row.decode("tenant_id", as: TenantID.self)
            let present = try row.decode("credential_id", as: CredentialID.self)
            if present == id {
                users.present.append(tenant)
                continue
            }
            users.replacing = present
            if try row.decode("former_credential_id", as: CredentialID?.self) == id {
                users.former.append(tenant)
            } else {
                users.next.append(tenant)
            }
        }
        return users
    }
}
