// PostgreSQL's token store passes the same suite as the one in memory.
import BursarCore
import BursarTestSupport
import BursarVault
import Postgres
import StoreTrials
import Testing

@testable import BursarLedger

@Suite struct LedgerTokenStoreTests {
    @Test(arguments: TokenStoreBehaviour.allCases)
    func behavesAsEveryTokenStoreDoes(_ behaviour: TokenStoreBehaviour) async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                try await behaviour.check(in: LedgerTokenStoreWorld(store: ledger))
            }
        }
    }

    @Test func aReasonOfALaterReleaseIsReadAndNoQuarantine() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                let slot = try await LedgerTokenStoreWorld(store: ledger).makeSlot()
                let request = LeaseRequest(
                    replica: ReplicaID(Ledger.newID()), duration: .seconds(600), newerThan: .none,
                    minimumLife: .seconds(1))
                _ = try await ledger.lease(slot, request)
                try await ledger.pool.execute(
                    """
                    UPDATE bursar.token_slot
                    SET failure_reason = 'of_a_later_release', retry_at = now() + interval '1 hour'
                    """)
                guard case .held = try await ledger.lease(slot, request) else {
                    Issue.record("the lease stands, and nothing else is known")
                    return
                }
                try await ledger.pool.execute("UPDATE bursar.token_slot SET retry_named = true")
                guard case .postponed(let failure) = try await ledger.lease(slot, request) else {
                    Issue.record("a time that the provider has named holds for whatever reason")
                    return
                }
                #expect(failure.reason.fault == .provider)
            }
        }
    }

    @Test func onlyItsOwnCommitsDoNotWaitForTheDisk() async throws {
        try await TemporaryDatabase.lend { database async throws in
            let settings = [("role", "bursar_gateway"), ("synchronous_commit", "on")]
            let pool = PostgresPool(
                PostgresConfiguration(connectionString: database.url, sessionSettings: settings),
                pool: PostgresPoolConfiguration(size: 1))
            let ledger = Ledger(pool: pool, auditing: TemporaryDatabase.sealer) { _, _, _ in }
            let slot = try await LedgerTokenStoreWorld(store: ledger).makeSlot()
            for generation in 1...3 {
                let request = LeaseRequest(
                    replica: ReplicaID(Ledger.newID()), duration: .seconds(600),
                    newerThan: Generation(Int64(generation)), minimumLife: .seconds(1))
                guard case .leased(let lease, _) = try await ledger.lease(slot, request) else {
                    Issue.record("nobody has the lease, and no token is newer")
                    break
                }
                let token = StoredToken(
                    access: SealedValue(bytes: [1], keyVersion: 1), refresh: nil,
                    generation: Generation(Int64(generation)), age: .zero, remaining: .seconds(600),
                    refreshRemaining: nil, jitter: 0)
                #expect(try await ledger.publish(token, in: slot, lease: lease) == .stored)
                let rows = try await pool.query(
                    """
                    SELECT current_setting('synchronous_commit') AS setting,
                        (SELECT count(*) FROM pg_prepared_statements) AS prepared
                    """)
                let (setting, prepared) = try #require(rows.first).decode(String.self, Int.self)
                #expect(setting == "on")
                #expect(prepared == 2, "lease and publish, once each")
            }
            await pool.close()
        }
    }
}

/// The commands around the store, as SQL: what matters here is what the store makes of the rows.
private struct LedgerTokenStoreWorld: TokenStoreWorld {
    let store: Ledger

    func makeSlot() async throws -> SlotKey {
        let owner = OwnerID(Ledger.newID())
        let credential = CredentialID(Ledger.newID())
        let vault = try AdministrationTests.vault()
        let key = try vault.makeDataKey(owner: owner, version: 1)
        for version in 1...3 {
            try await store.pool.execute(
                """
                INSERT INTO bursar.data_key (owner_id, version, kek_id, wrapped)
                VALUES (\(owner), \(version)::int, \(key.keyID), \(key.wrapped))
                """)
        }
        try await store.pool.execute(
            """
            INSERT INTO bursar.credential
                (owner_id, credential_id, provider, environment, provider_client_id, secret_ref, state)
            VALUES (\(owner), \(credential), 'zertiban', 'sandbox', 'client', 'file:x', 'active')
            """)
        let fields = SlotFields(
            owner: owner, provider: ProviderID("zertiban")!, environment: .sandbox, credential: credential,
            credentialVersion: 1, tokenURL: "https://provider.example/token", scope: nil)
        return SlotKey(fields: fields, digest: Array(repeating: 7, count: 32))
    }

    func replaceCredential(of slot: SlotKey) async throws {
        try await change(slot, "UPDATE bursar.credential SET version = version + 1")
    }

    func suspendCredential(of slot: SlotKey) async throws {
        try await change(slot, "UPDATE bursar.credential SET state = 'pending'")
    }

    func keepCredential(of slot: SlotKey) async throws {
        try await change(
            slot, "UPDATE bursar.credential SET state = 'retiring', retires_at = now() + interval '1 day'")
    }

    func removeCredential(of slot: SlotKey) async throws {
        try await change(slot, "DELETE FROM bursar.credential")
    }

    func credentialState(of slot: SlotKey) async throws -> Credential.State? {
        let rows = try await store.pool.query(
            "SELECT state FROM bursar.credential WHERE credential_id = \(slot.fields.credential)")
        return try rows.first?.decode("state", as: Credential.State.self)
    }

    private func change(_ slot: SlotKey, _ statement: PostgresQuery) async throws {
        try await store.pool.execute("\(statement) WHERE credential_id = \(slot.fields.credential)")
    }
}
