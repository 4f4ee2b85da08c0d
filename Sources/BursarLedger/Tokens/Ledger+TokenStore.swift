// Tokens at rest and the lease on each slot.
package import BursarCore
internal import Postgres

extension Ledger: TokenStore {
    package func lease(
        _ slot: SlotKey, _ request: LeaseRequest
    ) async throws(StoreFailure) -> LeaseAnswer {
        try await serving(.lease) {
            if let answer = try await tryLease(slot, request) { return answer }
            return try await describe(slot, request)
        }
    }

    package func current(
        _ slot: SlotKey, _ request: LeaseRequest
    ) async throws(StoreFailure) -> StoredToken? {
        try await serving(.lease) {
            if case .current(let token) = try await describe(slot, request) { token } else { nil }
        }
    }

    /// One statement decides: the row is made or taken over only while its credential is the one meant, no
    /// other lease lives, no quarantine stands, the provider has named no later time, and no stored token
    /// makes asking needless.
    private func tryLease(_ slot: SlotKey, _ request: LeaseRequest) async throws -> LeaseAnswer? {
        let fields = slot.fields
        let rows = try await pool.query(
            .prepared(
                """
                INSERT INTO bursar.token_slot AS slot
                    (owner_id, slot_digest, credential_id, credential_version, provider, environment,
                     lease_owner, lease_until, lease_epoch)
                SELECT \(fields.owner), \(slot.digest), \(fields.credential),
                    \(fields.credentialVersion)::int, \(fields.provider), \(fields.environment),
                    \(request.replica), now() + \(interval(request.duration)), 1
                FROM bursar.credential, \(unescaped: Self.quickCommit)
                WHERE owner_id = \(fields.owner) AND credential_id = \(fields.credential)
                    AND version = \(fields.credentialVersion)::int AND state <> 'pending'
                ON CONFLICT (owner_id, slot_digest) DO UPDATE SET
                    lease_owner = excluded.lease_owner, lease_until = excluded.lease_until,
                    lease_epoch = slot.lease_epoch + 1
                WHERE slot.lease_until < now()
                    AND NOT coalesce(
                        (slot.failure_reason = 'invalid_client' OR slot.retry_named)
                            AND slot.retry_at > now(),
                        false)
                    AND NOT (slot.access_sealed IS NOT NULL AND slot.generation > \(request.newerThan.number)
                        AND slot.expires_at > now() + \(interval(request.minimumLife)))
                RETURNING slot.lease_epoch, now() AS granted_at, \(unescaped: Self.tokenColumns),
                    (SELECT coalesce(max(generation), 0) FROM bursar.token_slot
                     WHERE owner_id = \(fields.owner) AND provider = \(fields.provider)
                        AND environment = \(fields.environment)) AS floor
                """))
        guard let row = rows.first else { return nil }
        let lease = Lease(
            epoch: try row.decode("lease_epoch"), floor: Generation(try row.decode("floor", as: Int64.self)),
            grantedAt: try row.decode("granted_at"))
        return .leased(lease, previous: try storedToken(row))
    }

    /// Why there was no lease to have. Only the credential that the slot means may answer with its token.
    private func describe(_ slot: SlotKey, _ request: LeaseRequest) async throws -> LeaseAnswer {
        let rows = try await pool.query(
            .prepared(
                """
                SELECT \(unescaped: Self.tokenColumns), failure_count, failure_reason, retry_named,
                    retry_at - now() AS retry_in,
                    CASE WHEN lease_until > now() THEN lease_until - now() END AS lease_remaining
                FROM bursar.token_slot AS slot
                JOIN bursar.credential USING (owner_id, credential_id)
                WHERE owner_id = \(slot.fields.owner) AND slot_digest = \(slot.digest)
                    AND credential.version = \(slot.fields.credentialVersion)::int
                    AND credential.state <> 'pending'
                """))
        guard let row = rows.first else { return .superseded }
        if let token = try storedToken(row), token.generation > request.newerThan,
            token.remaining > request.minimumLife
        {
            return .current(token)
        }
        if let failure = try storedFailure(row), failure.retryIn > .zero {
            if failure.reason.quarantines { return .quarantined(failure) }
            if failure.isNamed { return .postponed(failure) }
        }
        let remaining = try row.decode("lease_remaining", as: PostgresInterval?.self)?.duration
        // A lease that ended between the two statements is worth another try at once.
        return .held(remaining: remaining ?? .milliseconds(1))
    }

    /// A later release may know reasons that this one does not: no quarantine of ours, whatever they are.
    private func storedFailure(_ row: PostgresRow) throws -> StoredFailure? {
        guard let text = try row.decode("failure_reason", as: String?.self),
            let retryIn = try row.decode("retry_in", as: PostgresInterval?.self)?.duration
        else { return nil }
        return StoredFailure(
            reason: FailureReason(rawValue: text) ?? .serverError,
            count: try row.decode("failure_count", as: Int.self), retryIn: retryIn,
            isNamed: try row.decode("retry_named", as: Bool.self))
    }

    /// One statement: a round trip is most of what storing costs. A provider that gave a token does not
    /// reject the credential any more.
    package func publish(
        _ token: StoredToken, in slot: SlotKey, lease: Lease
    ) async throws(StoreFailure) -> PublishAnswer {
        try await serving(.publish) {
            let rows = try await pool.query(
                .prepared(
                    """
                    WITH stored AS (
                        UPDATE bursar.token_slot SET
                            generation = \(token.generation.number), access_sealed = \(token.access.bytes),
                            refresh_sealed = \(token.refresh?.bytes),
                            key_version = \(token.access.keyVersion)::int,
                            issued_at = \(lease.grantedAt) - \(interval(token.age)),
                            expires_at = \(lease.grantedAt) + \(interval(token.remaining)),
                            refresh_until = \(lease.grantedAt) + \(token.refreshRemaining.map(interval)),
                            jitter = \(token.jitter), lease_owner = NULL, lease_until = '-infinity',
                            failure_reason = NULL, failure_count = 0, retry_at = NULL, updated_at = now()
                        FROM \(unescaped: Self.quickCommit)
                        WHERE owner_id = \(slot.fields.owner) AND slot_digest = \(slot.digest)
                            AND lease_epoch = \(lease.epoch)
                            AND EXISTS (
                                SELECT FROM bursar.credential
                                WHERE owner_id = \(slot.fields.owner)
                                    AND credential_id = \(slot.fields.credential)
                                    AND version = \(slot.fields.credentialVersion)::int)
                        RETURNING owner_id, credential_id),
                    pardoned AS (
                        UPDATE bursar.credential SET state = 'active' FROM stored
                        WHERE credential.owner_id = stored.owner_id
                            AND credential.credential_id = stored.credential_id
                            AND credential.state = 'rejected')
                    SELECT FROM stored
                    """))
            return rows.isEmpty ? .superseded : .stored
        }
    }

    package func release(
        _ slot: SlotKey, lease: Lease, after failure: StoredFailure?
    ) async throws(StoreFailure) {
        try await serving(.release) {
            guard let failure else { return try await giveBack(slot, lease) }
            _ = try await pool.transaction { connection in
                let changed = try await connection.execute(
                    """
                    UPDATE bursar.token_slot SET
                        lease_owner = NULL, lease_until = '-infinity', failure_reason = \(failure.reason),
                        failure_count = \(failure.count)::int,
                        retry_at = now() + \(interval(failure.retryIn)),
                        retry_named = \(failure.isNamed), updated_at = now()
                    WHERE owner_id = \(slot.fields.owner) AND slot_digest = \(slot.digest)
                        AND lease_epoch = \(lease.epoch)
                    """)
                guard changed == 1, failure.reason.quarantines else { return }
                try await connection.execute(
                    """
                    UPDATE bursar.credential SET state = 'rejected'
                    WHERE owner_id = \(slot.fields.owner) AND credential_id = \(slot.fields.credential)
                        AND version = \(slot.fields.credentialVersion)::int AND state = 'active'
                    """)
            }
        }
    }

    private func giveBack(_ slot: SlotKey, _ lease: Lease) async throws {
        try await pool.execute(
            """
            UPDATE bursar.token_slot SET lease_owner = NULL, lease_until = '-infinity'
            WHERE owner_id = \(slot.fields.owner) AND slot_digest = \(slot.digest)
                AND lease_epoch = \(lease.epoch)
            """)
    }

    package func giveBack(_ slots: [SlotKey], by replica: ReplicaID) async throws(StoreFailure) {
        try await serving(.giveBack) {
            try await pool.transaction { connection in
                for slot in slots {
                    try await connection.execute(
                        """
                        UPDATE bursar.token_slot SET lease_owner = NULL, lease_until = '-infinity'
                        WHERE owner_id = \(slot.fields.owner) AND slot_digest = \(slot.digest)
                            AND lease_owner = \(replica) AND lease_until > now()
                        """)
                }
            }
        }
    }

    package func pardon(_ credentials: [CredentialID: OwnerID]) async throws(StoreFailure) {
        // In one order on every replica: two that pardon the same ones must not wait for each other.
        let pairs = credentials.sorted { $0.key.uuid < $1.key.uuid }
        try await serving(.pardon) {
            _ = try await pool.transaction { connection in
                for (credential, owner) in pairs {
                    try await connection.execute(
                        """
                        UPDATE bursar.token_slot SET
                            failure_reason = NULL, failure_count = 0, retry_at = NULL, updated_at = now()
                        WHERE owner_id = \(owner) AND credential_id = \(credential)
                            AND failure_reason = 'invalid_client'
                        """)
                    try await connection.execute(
                        """
                        UPDATE bursar.credential SET state = 'active'
                        WHERE owner_id = \(owner) AND credential_id = \(credential) AND state = 'rejected'
                        """)
                }
            }
        }
    }

    /// Named in a statement, it lets the commit not wait for the disk. A crash of PostgreSQL can then undo
    /// leases and tokens of its last half second: what is in memory goes on, and the worst is a token that is
    /// asked for twice.
    private static let quickCommit = "set_config('synchronous_commit', 'off', true) AS quick_commit"

    private static let tokenColumns = """
        access_sealed, refresh_sealed, key_version, generation, jitter,
        now() - issued_at AS age, expires_at - now() AS remaining, refresh_until - now() AS refresh_remaining
        """

    private func storedToken(_ row: PostgresRow) throws -> StoredToken? {
        guard let access = try row.decode("access_sealed", as: [UInt8]?.self),
            let keyVersion = try row.decode("key_version", as: Int32?.self),
            let age = try row.decode("age", as: PostgresInterval?.self),
            let remaining = try row.decode("remaining", as: PostgresInterval?.self)
        else { return nil }
        let version = Int(keyVersion)
        let refresh = try row.decode("refresh_sealed", as: [UInt8]?.self)
        return StoredToken(
            access: SealedValue(bytes: access, keyVersion: version),
            refresh: refresh.map { SealedValue(bytes: $0, keyVersion: version) },
            generation: Generation(try row.decode("generation", as: Int64.self)), age: age.duration,
            remaining: remaining.duration,
            refreshRemaining: try row.decode("refresh_remaining", as: PostgresInterval?.self)?.duration,
            jitter: try row.decode("jitter", as: Double.self))
    }
}

func interval(_ duration: Duration) -> PostgresInterval { PostgresInterval(duration) }
