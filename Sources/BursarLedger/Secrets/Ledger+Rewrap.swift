// Wrapping data keys, peppers and audit keys anew, a batch a transaction, while gateways serve.
package import BursarCore
internal import Postgres

/// What a rewrap has done so far.
package struct Rewrapped: Hashable, Sendable {
    package let sealing: String
    package internal(set) var dataKeys = 0
    package internal(set) var peppers = 0
    package internal(set) var auditKeys = 0
}

extension Ledger {
    /// The same key wrapped under the key-encryption key that is named; the vault's work.
    package typealias Rewrap = @Sendable (WrappedDataKey, _ keyID: String) throws -> WrappedDataKey

    private static let batch = 100

    /// Wraps what is not sealed under the sealing key under it. Each batch stands by itself: a run that was
    /// ended is gone on with by the next one, and two at once divide the rows between them. Refused while a
    /// live replica lacks the sealing key.
    /// - Parameters:
    ///   - keyring: the ids of the keyring at hand, its first line first.
    ///   - progress: is told after each batch.
    package func rewrapKeys(
        keyring: [String], by actor: Actor, rewrap: @escaping Rewrap, progress: (Rewrapped) -> Void
    ) async throws -> Rewrapped {
        guard let sealing = try await keyPolicy().sealing ?? keyring.first else {
            throw LedgerError.refused("the keyring holds no key")
        }
        var done = Rewrapped(sealing: sealing)
        done.peppers = try await rewrapFew(.pepper, under: sealing, by: actor, rewrap)
        done.auditKeys = try await rewrapFew(.auditKey, under: sealing, by: actor, rewrap)
        // Rows that another run holds are passed over first, and waited for in the end.
        for waits in [false, true] {
            var place = DataKeyPlace.first
            while let batch = try await rewrapBatch(
                after: place, under: sealing, waits: waits, by: actor, rewrap)
            {
                done.dataKeys += batch.count
                place = batch.last
                progress(done)
            }
        }
        return done
    }

    /// The keys of the whole installation, of which there are few.
    private enum SingleKey: String {
        case pepper
        case auditKey = "audit_key"

        var owner: OwnerID {
            switch self {
            case .pepper: OwnerID(Ledger.nobody)
            case .auditKey: AuditChain.keyOwner
            }
        }
    }

    private func rewrapFew(
        _ kind: SingleKey, under sealing: String, by actor: Actor, _ rewrap: @escaping Rewrap
    ) async throws -> Int {
        try await change(by: actor) { change in
            try await change.keepSealing(sealing)
            try await change.refuseWhileReplicasLack(sealing)
            let former = try await change.connection.query(
                """
                SELECT version, kek_id, wrapped FROM bursar.\(unescaped: kind.rawValue)
                WHERE kek_id <> \(sealing) ORDER BY version FOR NO KEY UPDATE
                """
            ).map { try WrappedDataKey(row: $0, owner: kind.owner) }
            for wrapped in former {
                let key = try rewrap(wrapped, sealing)
                try await change.connection.execute(
                    """
                    UPDATE bursar.\(unescaped: kind.rawValue)
                    SET kek_id = \(key.keyID), wrapped = \(key.wrapped) WHERE version = \(key.version)::int
                    """)
                change.audit(
                    AuditEntry(
                        tenant: nil, action: .keysRewrapped, subject: sealing,
                        detail: ["former": wrapped.keyID, kind.rawValue: String(key.version)]))
            }
            if !former.isEmpty { change.touchKeys() }
            return former.count
        }
    }

    /// Nil when there is none left after `place`.
    private func rewrapBatch(
        after place: DataKeyPlace, under sealing: String, waits: Bool, by actor: Actor,
        _ rewrap: @escaping Rewrap
    ) async throws -> (count: Int, last: DataKeyPlace)? {
        try await change(by: actor) { change in
            try await change.keepSealing(sealing)
            // Not FOR UPDATE, which would hold up gateways that store a token and thereby refer to the key.
            let former = try await change.connection.query(
                """
                SELECT owner_id, version, kek_id, wrapped FROM bursar.data_key
                WHERE (owner_id, version) > (\(place.owner), \(place.version)::int) AND kek_id <> \(sealing)
                ORDER BY owner_id, version
                LIMIT \(Ledger.batch)::int FOR NO KEY UPDATE \(unescaped: waits ? "" : "SKIP LOCKED")
                """
            ).map { try WrappedDataKey(row: $0) }
            guard let last = former.last else { return nil }
            try await change.store(former.map { try rewrap($0, sealing) })
            let formerIDs = Set(former.map(\.keyID)).sorted().joined(separator: ", ")
            change.audit(
                AuditEntry(
                    tenant: nil, action: .keysRewrapped, subject: sealing,
                    detail: ["former": formerIDs, "data_keys": String(former.count)]))
            return (former.count, DataKeyPlace(owner: last.owner, version: last.version))
        }
    }
}

/// How far a run has come: in the order of the primary key, so that a million rows are gone through once.
private struct DataKeyPlace: Sendable {
    let owner: OwnerID
    let version: Int

    static let first = DataKeyPlace(owner: OwnerID(Ledger.nobody), version: 0)
}

extension ConfigurationChange {
    fileprivate mutating func store(_ keys: [WrappedDataKey]) async throws {
        try await connection.execute(
            """
            UPDATE bursar.data_key SET kek_id = new.kek_id, wrapped = new.wrapped
            FROM unnest(\(keys.map { $0.owner.column }), \(keys.map(\.version))::int[],
                \(keys.map(\.keyID)), \(keys.map(\.wrapped))) AS new (owner_id, version, kek_id, wrapped)
            WHERE data_key.owner_id = new.owner_id AND data_key.version = new.version
            """)
        for owner in Set(keys.map(\.owner)) { touch(owner) }
    }

    /// Keeps the sealing key as it is until the change is done; refuses when it is another by now.
    fileprivate func keepSealing(_ sealing: String) async throws {
        let policy = try await keyPolicy(.forSealing)
        guard (policy.sealing ?? sealing) == sealing else {
            throw LedgerError.refused(
                "`bursar keys rotate \(policy.sealing ?? "")` came in between; run `bursar keys rewrap` again"
            )
        }
    }
}
