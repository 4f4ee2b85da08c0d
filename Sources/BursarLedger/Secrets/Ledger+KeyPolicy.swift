// Which key-encryption key seals, and which never seals again.
internal import BursarCore
internal import Postgres

/// What `keys rotate` and `keys retire` have laid down.
package struct KeyPolicy: Hashable, Sendable {
    /// Nil until the first rotation: each keyring's first line seals.
    package let sealing: String?
    package let retired: [String]

    fileprivate init(row: PostgresRow) throws {
        (sealing, retired) = try row.decode(String?.self, [String].self)
    }
}

extension ConfigurationChange {
    enum PolicyUse: String {
        /// Keeps the policy as it is until what is sealed by it is stored.
        case forSealing = "FOR SHARE"
        case forChange = "FOR UPDATE"
    }

    func keyPolicy(_ use: PolicyUse) async throws -> KeyPolicy {
        try await Ledger.keyPolicy(
            connection.query(
                """
                SELECT sealing_kek, retired_keks FROM bursar.key_policy \(unescaped: use.rawValue)
                """))
    }

    /// Replicas whose row says what `condition` asks for, each with what `reason` makes of it. One that is
    /// silent counts until its share is given to others: it may come back with what it held.
    fileprivate func replicas(
        where condition: PostgresQuery, telling reason: PostgresQuery
    ) async throws -> [String] {
        try await connection.query(
            """
            SELECT format('%s (%s; last heard of %s s ago)', name, \(reason),
                round(extract(epoch FROM clock_timestamp() - heartbeat_at))) AS line
            FROM bursar.replica
            WHERE kept_until > clock_timestamp() AND \(condition)
            ORDER BY name, replica_id
            """
        ).map { try $0.decode("line", as: String.self) }
    }
}

extension Ledger {
    package func keyPolicy() async throws -> KeyPolicy {
        try await Self.keyPolicy(pool.query("SELECT sealing_kek, retired_keks FROM bursar.key_policy"))
    }

    fileprivate static func keyPolicy(_ rows: [PostgresRow]) throws -> KeyPolicy {
        guard let row = rows.first else {
            throw LedgerError.notFound("bursar.key_policy lost its only row; restore it from a backup")
        }
        return try KeyPolicy(row: row)
    }

    /// From now on data keys and peppers are sealed under `id`. False when they were already.
    package func rotateKey(to id: String, by actor: Actor) async throws -> Bool {
        try await change(by: actor) { change in
            let policy = try await change.keyPolicy(.forChange)
            if policy.sealing == id { return false }
            guard !policy.retired.contains(id) else {
                throw LedgerError.refused(
                    "the key \(id) is retired and never seals again; add a new line to the keyrings")
            }
            try await change.refuseWhileReplicasLack(id)
            try await change.connection.execute("UPDATE bursar.key_policy SET sealing_kek = \(id)")
            change.audit(
                AuditEntry(
                    tenant: nil, action: .keyRotated, subject: id,
                    detail: policy.sealing.map { ["former": $0] } ?? [:]))
            return true
        }
    }

    /// Nothing is sealed under `id`, and nothing ever will be. False when it was retired already.
    /// - Parameter keyring: the ids of the keyring at hand, its first line first.
    package func retireKey(_ id: String, keyring: [String], by actor: Actor) async throws -> Bool {
        try await change(by: actor) { change in
            let policy = try await change.keyPolicy(.forChange)
            if policy.retired.contains(id) { return false }
            let uses = try await change.keyUse(of: id)
            guard keyring.contains(id) || uses.rows > 0 else {
                throw LedgerError.notFound(
                    "the keyring lacks the key \(id) and nothing is sealed under it: nothing to retire")
            }
            guard let sealing = policy.sealing ?? keyring.first, keyring.contains(where: { $0 != id }) else {
                throw LedgerError.refused(
                    "\(id) is the only key of this keyring; add another, then `bursar keys rotate` to it")
            }
            guard sealing != id else {
                throw LedgerError.refused(
                    "the key \(id) seals; `bursar keys rotate` to another one first, then "
                        + "`bursar keys rewrap`")
            }
            guard uses.rows == 0 else {
                throw LedgerError.refused(
                    "\(uses.dataKeys) data keys, \(uses.peppers) peppers and \(uses.auditKeys) audit keys "
                        + "are sealed under the key \(id); run `bursar keys rewrap` first")
            }
            try await change.refuseWhileReplicasAreBehind(before: id)
            try await change.connection.execute(
                """
                UPDATE bursar.key_policy
                SET sealing_kek = \(sealing), retired_keks = retired_keks || ARRAY[\(id)]::text[]
                """)
            change.audit(
                AuditEntry(
                    tenant: nil, action: .keyRetired, subject: id, detail: ["sealing": sealing]))
            return true
        }
    }
}

extension ConfigurationChange {
    fileprivate func keyUse(of id: String) async throws -> KeyUse {
        let rows = try await connection.query(
            """
            SELECT (SELECT count(*) FROM bursar.data_key WHERE kek_id = \(id)) AS data_keys,
                (SELECT count(*) FROM bursar.pepper WHERE kek_id = \(id)) AS peppers,
                (SELECT count(*) FROM bursar.audit_key WHERE kek_id = \(id)) AS audit_keys
            """)
        return KeyUse(
            keyID: id, dataKeys: try rows.first?.decode("data_keys", as: Int64.self) ?? 0,
            peppers: try rows.first?.decode("peppers", as: Int64.self) ?? 0,
            auditKeys: try rows.first?.decode("audit_keys", as: Int64.self) ?? 0)
    }

    /// What is sealed under a key that a replica lacks does not open there.
    func refuseWhileReplicasLack(_ id: String) async throws {
        let lacking = try await replicas(
            where: "NOT coalesce(key_ids, '{}') @> ARRAY[\(id)]::text[]",
            telling: "'its keyring has ' || array_to_string(key_ids, ', ')")
        guard lacking.isEmpty else {
            throw LedgerError.refused(
                "these replicas lack the key \(id): \(lacking.joined(separator: "; ")). Add its line to "
                    + "their keyrings, which they read again within 2 s, and try again")
        }
    }

    /// One that has not applied the last rewrap holds wrappings that only the former key opens.
    fileprivate func refuseWhileReplicasAreBehind(before id: String) async throws {
        let behind = try await replicas(
            where: """
                coalesce(applied_version, -1) < coalesce(
                    (SELECT max(version) FROM bursar.config_change WHERE kind = 'keys'),
                    (SELECT version FROM bursar.config_version))
                """,
            telling: """
                'applied version ' || coalesce(applied_version::text, 'none') || ' of '
                    || (SELECT version FROM bursar.config_version)
                """)
        guard behind.isEmpty else {
            throw LedgerError.refused(
                "these replicas have yet to read what was rewrapped and may need the key \(id): "
                    + "\(behind.joined(separator: "; ")). Try again in a moment; where it stays so, see "
                    + "`bursar doctor`")
        }
    }
}
