// Data keys and the pepper: wrapped, as this target can neither make nor open them.
package import BursarCore
internal import Postgres

/// What the vault does for the ledger while a change is made: keys and sealed values come from outside.
package struct Sealing: Sendable {
    /// Wraps under the key-encryption key that is named, or under the keyring's first one.
    package typealias MakeKey = @Sendable (OwnerID, _ version: Int, _ keyID: String?) throws -> WrappedDataKey

    package let makeKey: MakeKey
    /// Seals the secret that the command was given.
    package let seal: @Sendable (WrappedDataKey, SealedPlace) throws -> SealedValue

    package init(
        makeKey: @escaping MakeKey,
        seal: @escaping @Sendable (WrappedDataKey, SealedPlace) throws -> SealedValue
    ) {
        self.makeKey = makeKey
        self.seal = seal
    }
}

extension ConfigurationChange {
    /// The owner's newest data key, made when there is none yet.
    func dataKey(of owner: OwnerID, make: Sealing.MakeKey) async throws -> WrappedDataKey {
        let rows = try await connection.query(
            """
            SELECT version, kek_id, wrapped FROM bursar.data_key WHERE owner_id = \(owner)
            ORDER BY version DESC LIMIT 1
            """)
        if let row = rows.first { return try WrappedDataKey(row: row, owner: owner) }
        let key = try make(owner, 1, try await keyPolicy(.forSealing).sealing)
        try await connection.execute(
            """
            INSERT INTO bursar.data_key (owner_id, version, kek_id, wrapped)
            VALUES (\(key.owner), \(key.version)::int, \(key.keyID), \(key.wrapped))
            """)
        return key
    }
}

/// How many rows are sealed under one key of the keyring.
package struct KeyUse: Hashable, Sendable {
    package let keyID: String
    package let dataKeys: Int64
    package let peppers: Int64
    package let auditKeys: Int64

    package var rows: Int64 { dataKeys + peppers + auditKeys }
}

extension Ledger {
    /// Rows by key-encryption key.
    package func keyUses() async throws -> [KeyUse] {
        try await pool.query(
            """
            SELECT kek_id, sum(data_keys)::bigint AS data_keys, sum(peppers)::bigint AS peppers,
                sum(audit_keys)::bigint AS audit_keys
            FROM (
                SELECT kek_id, count(*) AS data_keys, 0 AS peppers, 0 AS audit_keys
                FROM bursar.data_key GROUP BY 1
                UNION ALL SELECT kek_id, 0, count(*), 0 FROM bursar.pepper GROUP BY 1
                UNION ALL SELECT kek_id, 0, 0, count(*) FROM bursar.audit_key GROUP BY 1
            ) AS uses GROUP BY 1 ORDER BY 1
            """
        ).map { row in
            let (keyID, dataKeys, peppers, auditKeys) = try row.decode(
                String.self, Int64.self, Int64.self, Int64.self)
            return KeyUse(keyID: keyID, dataKeys: dataKeys, peppers: peppers, auditKeys: auditKeys)
        }
    }

    /// The same with the policy, for the gateway, which watches both.
    package func watchedKeys() async throws(StoreFailure) -> (uses: [KeyUse], policy: KeyPolicy) {
        try await serving(.keyRows) { (try await self.keyUses(), try await self.keyPolicy()) }
    }

    /// An owner's data keys.
    package func dataKeys(of owner: OwnerID) async throws -> [WrappedDataKey] {
        try await pool.query(
            "SELECT owner_id, version, kek_id, wrapped FROM bursar.data_key WHERE owner_id = \(owner)"
        ).map { try WrappedDataKey(row: $0) }
    }

    /// One data key under each key-encryption key in use, the peppers and the audit key, to try whether the
    /// keyring opens them.
    package func sampleKeys() async throws -> [WrappedDataKey] {
        let dataKeys = try await pool.query(
            """
            (SELECT DISTINCT ON (kek_id) owner_id, version, kek_id, wrapped
                FROM bursar.data_key ORDER BY kek_id)
            UNION ALL SELECT \(AuditChain.keyOwner), version, kek_id, wrapped FROM bursar.audit_key
            """
        ).map { try WrappedDataKey(row: $0) }
        let peppers = try await pool.query("SELECT version, kek_id, wrapped FROM bursar.pepper")
        return try dataKeys + peppers.map(Self.pepper(row:))
    }

    /// The newest pepper; made when there is none yet. `owner` is the vault's stand-in owner of peppers.
    package func pepper(
        by actor: Actor, owner: OwnerID, make: @escaping Sealing.MakeKey
    ) async throws -> WrappedDataKey {
        let newest: PostgresQuery =
            "SELECT version, kek_id, wrapped FROM bursar.pepper ORDER BY version DESC LIMIT 1"
        if let row = try await pool.query(newest).first { return try Self.pepper(row: row) }
        return try await change(by: actor) { change in
            // Two first clients at once must not make two peppers.
            try await change.connection.execute("LOCK TABLE bursar.pepper IN SHARE ROW EXCLUSIVE MODE")
            if let row = try await change.connection.query(newest).first { return try Self.pepper(row: row) }
            let pepper = try make(owner, 1, try await change.keyPolicy(.forSealing).sealing)
            try await change.connection.execute(
                """
                INSERT INTO bursar.pepper (version, kek_id, wrapped)
                VALUES (\(pepper.version)::int, \(pepper.keyID), \(pepper.wrapped))
                """)
            change.touchKeys()
            change.audit(AuditEntry(tenant: nil, action: .pepperMade, subject: "pepper \(pepper.version)"))
            return pepper
        }
    }

    static func pepper(row: PostgresRow) throws -> WrappedDataKey {
        try WrappedDataKey(row: row, owner: OwnerID(nobody))
    }
}
