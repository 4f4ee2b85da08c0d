// Rotating, rewrapping and retiring: what each does to the rows, and when it is refused.
import BursarCore
import BursarTestSupport
import BursarVault
import Postgres
import Testing

@testable import BursarLedger

@Suite struct KeyChangeTests {
    static let actor = Actor("test")

    static func vault(_ ids: String...) throws -> Vault {
        let keys = [
            "k1": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "k2": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
        ]
        let lines = ids.map { "\($0):\(keys[$0] ?? "")" }
        return Vault(try Keyring.parse(lines.joined(separator: "\n"), name: "test"))
    }

    private struct Stopped: Error {}

    /// Tenants with a data key each, and a pepper, under `k1`.
    private func enrol(_ count: Int, in ledger: Ledger, _ vault: Vault) async throws {
        let sealing = AdministrationTests.sealing(vault)
        let tenants = (1...count).map {
            TenantImport(tenant: AdministrationTests.tenant(UInt64($0)), connections: [])
        }
        _ = try await ledger.importTenants(tenants, dryRun: false, sealing: sealing, by: Self.actor)
        _ = try await ledger.pepper(by: Self.actor, owner: Vault.pepperOwner, make: sealing.makeKey)
    }

    private func rewrap(_ ledger: Ledger, _ vault: Vault) async throws -> Rewrapped {
        try await ledger.rewrapKeys(
            keyring: vault.keyIDs, by: Self.actor, rewrap: { try vault.rewrap($0, under: $1) },
            progress: { _ in })
    }

    private func actions(_ ledger: Ledger) async throws -> [String] {
        try await ledger.pool.query(
            "SELECT action FROM bursar.audit_event WHERE action LIKE 'keys.%' ORDER BY event_id"
        ).map { try $0.decode("action", as: String.self) }
    }

    private func refusal(_ body: () async throws -> Bool) async throws -> String {
        let error = await #expect(throws: LedgerError.self) { _ = try await body() }
        guard case .refused(let text) = error else { return "not refused: \(String(describing: error))" }
        return text
    }

    // MARK: Rotating

    @Test func whatIsMadeAfterARotationIsSealedUnderItsKey() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger(auditing: Self.vault("k1", "k2")) { ledger in
                let vault = try Self.vault("k1", "k2")
                try await enrol(1, in: ledger, vault)
                #expect(try await ledger.keyPolicy().sealing == nil)
                #expect(try await ledger.rotateKey(to: "k2", by: Self.actor))
                #expect(try await !ledger.rotateKey(to: "k2", by: Self.actor), "it seals already")
                let sealing = AdministrationTests.sealing(vault)
                try await ledger.addTenant(AdministrationTests.tenant(2), sealing: sealing, by: Self.actor)
                let uses = try await ledger.keyUses()
                #expect(uses.map(\.keyID) == ["k1", "k2"] && uses.map(\.dataKeys) == [1, 1])
                let without = AdministrationTests.sealing(try Self.vault("k1"))
                await #expect(throws: VaultError.sealingKeyMissing("k2")) {
                    try await ledger.addTenant(
                        AdministrationTests.tenant(3), sealing: without, by: Self.actor)
                }
                #expect(try await actions(ledger) == ["keys.pepper_made", "keys.rotated"])
            }
        }
    }

    @Test func aRotationWaitsForReplicasThatLackTheKey() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger(auditing: Self.vault("k1", "k2")) { ledger in
                try await Replicas.add("gw-1", keys: ["k1"], version: 0, in: database)
                try await Replicas.add("gw-2", keys: ["k1", "k2"], version: 0, in: database)
                try await Replicas.add("gone", keys: ["k1"], version: 0, silentFor: 300, in: database)
                let text = try await refusal { try await ledger.rotateKey(to: "k2", by: Self.actor) }
                #expect(text.contains("gw-1") && !text.contains("gw-2") && !text.contains("gone"), "\(text)")
                #expect(try await ledger.keyPolicy().sealing == nil)
                #expect(try await ledger.rotateKey(to: "k1", by: Self.actor))
            }
        }
    }

    // MARK: Rewrapping

    @Test func aRewrapBringsEverythingUnderTheSealingKeyAndReplicasReadJustThat() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger(auditing: Self.vault("k1", "k2")) { ledger in
                let vault = try Self.vault("k1", "k2")
                try await enrol(250, in: ledger, vault)
                _ = try await ledger.rotateKey(to: "k2", by: Self.actor)
                let before = try await ledger.changes(since: nil)
                let done = try await rewrap(ledger, vault)
                #expect(done.dataKeys == 250 && done.peppers == 1 && done.sealing == "k2")
                let all = KeyUse(keyID: "k2", dataKeys: 250, peppers: 1, auditKeys: 1)
                #expect(try await ledger.keyUses() == [all])
                let changes = try await ledger.changes(since: before.version)
                #expect(!changes.isComplete && changes.touchedOwners == Set(before.dataKeys.map(\.owner)))
                #expect(changes.tenants.isEmpty && changes.touchedTenants.isEmpty)
                let later = try Self.vault("k2")
                for key in changes.dataKeys + changes.peppers { try later.check(key) }
                #expect(changes.dataKeys.count == 250 && changes.peppers.map(\.keyID) == ["k2"])
                let again = try await rewrap(ledger, vault)
                #expect(again.dataKeys == 0 && again.peppers == 0)
                #expect(try await ledger.changes(since: nil).version == changes.version)
            }
        }
    }

    @Test func aRewrapWaitsForReplicasThatLackTheKey() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger(auditing: Self.vault("k1", "k2")) { ledger in
                // Nobody has rotated: a new first line of this keyring seals, which others do not have yet.
                let vault = try Self.vault("k2", "k1")
                try await enrol(3, in: ledger, try Self.vault("k1"))
                try await Replicas.add("gw-1", keys: ["k1"], version: 2, in: database)
                let text = try await refusal { try await rewrap(ledger, vault).dataKeys > 0 }
                #expect(text.contains("gw-1"), "\(text)")
                let all = KeyUse(keyID: "k1", dataKeys: 3, peppers: 1, auditKeys: 1)
                #expect(try await ledger.keyUses() == [all])
                try await Replicas.add("gw-1", keys: ["k1", "k2"], version: 2, in: database)
                #expect(try await rewrap(ledger, vault).dataKeys == 3)
            }
        }
    }

    @Test func anEndedRewrapIsGoneOnWith() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger(auditing: Self.vault("k1", "k2")) { ledger in
                let vault = try Self.vault("k2", "k1")
                try await enrol(250, in: ledger, try Self.vault("k1"))
                await #expect(throws: Stopped.self) {
                    try await ledger.rewrapKeys(
                        keyring: vault.keyIDs, by: Self.actor,
                        rewrap: { key, id in
                            // In the middle of the batch that has the tenant of number 150.
                            if key.owner == OwnerID(AdministrationTests.tenant(150).id) { throw Stopped() }
                            return try vault.rewrap(key, under: id)
                        }, progress: { _ in })
                }
                let halfway = try await ledger.keyUses()
                #expect(halfway.map(\.dataKeys) == [150, 100], "a batch is done or not")
                for key in try await ledger.changes(since: nil).dataKeys { try vault.check(key) }
                #expect(try await rewrap(ledger, vault).dataKeys == 150)
                #expect(try await ledger.keyUses().map(\.keyID) == ["k2"])
            }
        }
    }

    @Test func twoAtOnceDivideTheRows() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger(auditing: Self.vault("k1", "k2")) { ledger in
                let vault = try Self.vault("k1", "k2")
                try await enrol(500, in: ledger, vault)
                _ = try await ledger.rotateKey(to: "k2", by: Self.actor)
                async let first = rewrap(ledger, vault)
                async let second = rewrap(ledger, vault)
                let done = try await [first, second]
                #expect(done.map(\.dataKeys).reduce(0, +) == 500 && done.map(\.peppers).reduce(0, +) == 1)
                let all = KeyUse(keyID: "k2", dataKeys: 500, peppers: 1, auditKeys: 1)
                #expect(try await ledger.keyUses() == [all])
                let later = try Self.vault("k2")
                for key in try await ledger.changes(since: nil).dataKeys { try later.check(key) }
            }
        }
    }

    // MARK: Retiring

    /// Why the key may not be retired; nil when it was.
    private func obstacle(_ id: String, _ keyring: [String], in ledger: Ledger) async throws -> String? {
        do {
            return try await ledger.retireKey(id, keyring: keyring, by: Self.actor) ? nil : "already"
        } catch let error as LedgerError {
            return error.description
        }
    }

    @Test func aKeyIsRetiredOnceNothingNeedsIt() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger(auditing: Self.vault("k1", "k2")) { ledger in
                let vault = try Self.vault("k1", "k2")
                let both = vault.keyIDs
                try await enrol(3, in: ledger, vault)
                let alone = try await obstacle("k1", ["k1"], in: ledger)
                #expect(alone?.contains("only key") == true)
                let sealing = try await obstacle("k1", both, in: ledger)
                #expect(sealing?.contains("seals") == true)
                _ = try await ledger.rotateKey(to: "k2", by: Self.actor)
                let needed = try await obstacle("k1", both, in: ledger)
                #expect(
                    needed?.contains("3 data keys, 1 peppers and 1 audit keys") == true, "\(needed ?? "")")
                _ = try await rewrap(ledger, vault)
                try await Replicas.add("gw-1", keys: both, version: 1, in: database)
                let behind = try await obstacle("k1", both, in: ledger)
                #expect(behind?.contains("gw-1") == true && behind?.contains("applied version 1 of") == true)
                let version = try await ledger.changes(since: nil).version
                try await Replicas.add("gw-1", keys: both, version: version.number, in: database)
                #expect(try await obstacle("k1", both, in: ledger) == nil)
                #expect(try await obstacle("k1", ["k2"], in: ledger) == "already")
                #expect(try await ledger.keyPolicy().retired == ["k1"])
                let back = try await refusal { try await ledger.rotateKey(to: "k1", by: Self.actor) }
                #expect(back.contains("never seals again"))
                let unknown = try await obstacle("k9", ["k2"], in: ledger)
                #expect(unknown?.contains("nothing to retire") == true)
            }
        }
    }

    @Test func aRetiredFirstLineSealsNoMore() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger(auditing: Self.vault("k1", "k2")) { ledger in
                // Nobody has rotated: a new first line seals, and what it replaced is retired.
                let (former, vault) = (try Self.vault("k1"), try Self.vault("k2", "k1"))
                try await enrol(1, in: ledger, former)
                _ = try await rewrap(ledger, vault)
                #expect(try await ledger.retireKey("k1", keyring: vault.keyIDs, by: Self.actor))
                await #expect(throws: VaultError.sealingKeyMissing("k2")) {
                    try await ledger.addTenant(
                        AdministrationTests.tenant(2), sealing: AdministrationTests.sealing(former),
                        by: Self.actor)
                }
                await #expect(throws: PostgresError.self) {
                    try await ledger.pool.execute("UPDATE bursar.key_policy SET sealing_kek = 'k1'")
                }
            }
        }
    }
}

/// Rows as gateways write them with each heartbeat.
private enum Replicas {
    static func add(
        _ name: String, keys: [String], version: Int64, silentFor seconds: Int = 0,
        in database: TemporaryDatabase
    ) async throws {
        try await database.withConnection { connection in
            try await connection.execute("DELETE FROM bursar.replica WHERE name = \(name)")
            try await connection.execute(
                """
                INSERT INTO bursar.replica (replica_id, place, name, program, key_ids, started_at,
                    heartbeat_at, kept_until, beat, applied_version, share_millionths)
                SELECT gen_random_uuid(), gen_random_uuid(), \(name), 'test', \(keys), heard, heard,
                    heard + interval '60 s', 1, \(version), 0
                FROM (SELECT now() - \(seconds) * interval '1 second' AS heard) AS heard
                """)
        }
    }
}
