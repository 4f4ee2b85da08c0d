// Administrative changes: what they do, what they refuse, what they leave in the audit trail.
import BursarCore
import BursarTestSupport
import BursarVault
import Postgres
import Testing

@testable import BursarLedger

@Suite struct AdministrationTests {
    static let actor = Actor("test")

    static func vault() throws -> Vault {
        Vault(try Keyring.parse("k1:" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", name: "test"))
    }

    static func sealing(_ vault: Vault, secret: String = "s3cret") -> Sealing {
        Sealing(
            makeKey: { try vault.makeDataKey(owner: $0, version: $1, under: $2) },
            seal: { try vault.seal(Secret(secret), with: $0, at: $1) })
    }

    static func tenant(_ number: UInt64 = 1, name: String = "Shop") -> Tenant {
        Tenant(
            id: TenantID(UUIDValue(high: 0x4000, low: 0x8000_0000_0000_0000 + number)), name: name,
            state: .active, limit: .standard)
    }

    static func input(
        _ tenants: [Tenant], clientID: String? = "id", secret: CredentialInput.Secret = .given,
        pending: Bool = false
    ) -> CredentialInput {
        CredentialInput(
            provider: ProviderID("zertiban")!, environment: .sandbox, clientID: clientID, secret: secret,
            tenants: tenants.map(\.id), sharesToken: false, isPending: pending)
    }

    @Test func aTenantIsAddedOnceChangedAndDeletedWithAllThatIsItsOwn() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger { ledger in
                let (tenant, sealing) = (Self.tenant(), Self.sealing(try Self.vault()))
                try await ledger.addTenant(tenant, sealing: sealing, by: Self.actor)
                await #expect(throws: LedgerError.self) {
                    try await ledger.addTenant(tenant, sealing: sealing, by: Self.actor)
                }
                try await ledger.renameTenant(tenant.id, to: "Other", by: Self.actor)
                try await ledger.setState(.suspended, of: tenant.id, by: Self.actor)
                let changed = try await ledger.tenant(tenant.id)
                #expect(changed.name == "Other" && changed.state == .suspended)
                _ = try await ledger.setCredential(Self.input([tenant]), sealing: sealing, by: Self.actor)
                try await ledger.deleteTenant(tenant.id, by: Self.actor)
                await #expect(throws: LedgerError.self) { try await ledger.tenant(tenant.id) }
                #expect(try await ledger.credentials(of: nil).isEmpty)
                #expect(try await ledger.keyUses().map(\.dataKeys).reduce(0, +) == 0)
                let actions = try await ledger.pool.query(
                    "SELECT action FROM bursar.audit_event ORDER BY event_id"
                ).map { try $0.decode("action", as: String.self) }
                #expect(
                    actions == [
                        "tenant.added", "tenant.renamed", "tenant.suspended", "credential.set",
                        "tenant.deleted",
                    ])
            }
        }
    }

    @Test func aRefusedChangeChangesNothing() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger { ledger in
                let (tenant, sealing) = (Self.tenant(), Self.sealing(try Self.vault()))
                try await ledger.addTenant(tenant, sealing: sealing, by: Self.actor)
                _ = try await ledger.setCredential(Self.input([tenant]), sealing: sealing, by: Self.actor)
                let before = try await ledger.changes(since: nil)
                let second = await #expect(throws: LedgerError.self) {
                    try await ledger.setCredential(
                        Self.input([tenant, Self.tenant(2)]), sealing: sealing, by: Self.actor)
                }
                #expect(second == .notFound("there is no tenant \(Self.tenant(2).id)"))
                await #expect(throws: LedgerError.self) {
                    try await ledger.setCredential(Self.input([tenant]), sealing: sealing, by: Self.actor)
                }
                let after = try await ledger.changes(since: nil)
                #expect(before.version == after.version && after.credentials.count == 1)
            }
        }
    }

    @Test func aPendingCredentialTakesItsSecretLaterAndIsThenActive() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger { ledger in
                let (tenant, vault) = (Self.tenant(), try Self.vault())
                let sealing = Self.sealing(vault)
                try await ledger.addTenant(tenant, sealing: sealing, by: Self.actor)
                let id = try await ledger.setCredential(
                    Self.input([tenant], clientID: nil, secret: .missing, pending: true), sealing: sealing,
                    by: Self.actor
                ).credential
                await #expect(throws: LedgerError.self) {
                    try await ledger.activateCredential(id, by: Self.actor)
                }
                let same = try await ledger.setCredential(
                    Self.input([tenant]), sealing: sealing, by: Self.actor
                ).credential
                let credential = try await ledger.credential(id).credential
                #expect(same == id && credential.state == .active && credential.version == 2)
                guard case .sealed(let sealed) = credential.secret else {
                    Issue.record("the secret is not sealed")
                    return
                }
                let keys = try await ledger.dataKeys(of: credential.owner)
                let place = Credential.secretPlace(
                    owner: credential.owner, provider: credential.provider, id: id, version: 2)
                #expect(try vault.open(sealed, with: keys, at: place) == Secret("s3cret"))
                let former = Credential.secretPlace(
                    owner: credential.owner, provider: credential.provider, id: id, version: 1)
                #expect(throws: VaultError.doesNotOpen) { try vault.open(sealed, with: keys, at: former) }
            }
        }
    }

    @Test func aPlatformCredentialHasAnOwnerAndAKeyOfItsOwn() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger { ledger in
                let sealing = Self.sealing(try Self.vault())
                let tenants = [Self.tenant(1), Self.tenant(2)]
                for tenant in tenants {
                    try await ledger.addTenant(tenant, sealing: sealing, by: Self.actor)
                }
                let id = try await ledger.setCredential(
                    Self.input(tenants), sealing: sealing, by: Self.actor
                ).credential
                let use = try await ledger.credential(id)
                #expect(use.credential.isPlatform && use.tenants == tenants.map(\.id))
                #expect(!tenants.map { OwnerID($0.id) }.contains(use.credential.owner))
                try await ledger.deleteTenant(tenants[0].id, by: Self.actor)
                #expect(try await ledger.credential(id).tenants == [tenants[1].id])
                try await ledger.deleteTenant(tenants[1].id, by: Self.actor)
                await #expect(throws: LedgerError.self) { try await ledger.credential(id) }
            }
        }
    }

    @Test func anImportIsAllOrNothingAndADryRunIsNothing() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger { ledger in
                let sealing = Self.sealing(try Self.vault())
                let connection = TenantImport.Connection(
                    provider: ProviderID("zertiban")!, environment: .sandbox, clientID: "id",
                    secretReference: "file:zertiban")
                let good = TenantImport(tenant: Self.tenant(1), connections: [connection])
                let twice = TenantImport(tenant: Self.tenant(2), connections: [connection, connection])
                let planned = try await ledger.importTenants(
                    [good], dryRun: true, sealing: sealing, by: Self.actor)
                #expect(planned.count == 2)
                #expect(try await ledger.tenants().isEmpty)
                await #expect(throws: LedgerError.self) {
                    try await ledger.importTenants(
                        [good, twice], dryRun: false, sealing: sealing, by: Self.actor)
                }
                #expect(try await ledger.tenants().isEmpty)
                _ = try await ledger.importTenants([good], dryRun: false, sealing: sealing, by: Self.actor)
                #expect(try await ledger.connections(of: good.tenant.id).count == 1)
            }
        }
    }

    @Test func replicasReadOnlyWhatChangedAndEverythingWhenTheyAreFarBehind() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger { ledger in
                let sealing = Self.sealing(try Self.vault())
                for number in 1...3 {
                    try await ledger.addTenant(Self.tenant(UInt64(number)), sealing: sealing, by: Self.actor)
                }
                let all = try await ledger.changes(since: nil)
                #expect(all.isComplete && all.tenants.count == 3 && all.version == ConfigVersion(3))
                let none = try await ledger.changes(since: all.version)
                #expect(!none.isComplete && none.touchedTenants.isEmpty && none.version == all.version)
                try await ledger.renameTenant(Self.tenant(2).id, to: "New", by: Self.actor)
                try await ledger.deleteTenant(Self.tenant(3).id, by: Self.actor)
                let some = try await ledger.changes(since: all.version)
                #expect(!some.isComplete && some.tenants == [Self.tenant(2).terms])
                #expect(try await ledger.tenants().map(\.name).contains("New"))
                #expect(some.touchedTenants == [Self.tenant(2).id, Self.tenant(3).id])
                try await ledger.pool.execute("DELETE FROM bursar.config_change WHERE version <= 4")
                #expect(try await ledger.changes(since: all.version).isComplete)
            }
        }
    }
    @Test func aConfigurationLargerThanAnAnswerMayBeIsReadInFull() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger { ledger in
                try await ledger.addTenant(
                    Self.tenant(), sealing: Self.sealing(try Self.vault()), by: Self.actor)
                let before = try await ledger.changes(since: nil)
                // 80 rows of 1 MB; an answer that is not streamed may have 64 MiB.
                try await ledger.pool.execute(
                    """
                    INSERT INTO bursar.data_key (owner_id, version, kek_id, wrapped)
                    SELECT \(Self.tenant().id), number, 'k1', convert_to(repeat('x', 1000000), 'UTF8')
                    FROM generate_series(2, 81) AS number
                    """)
                try await ledger.renameTenant(Self.tenant().id, to: "New", by: Self.actor)
                let all = try await ledger.changes(since: nil)
                #expect(all.isComplete && all.dataKeys.count == 81)
                let some = try await ledger.changes(since: before.version)
                #expect(!some.isComplete && some.dataKeys.count == 81)
            }
        }
    }
    @Test func theAuditTrailSaysWhatAChangeOfAConnectionDid() async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger { ledger in
                let (tenant, sealing) = (Self.tenant(), Self.sealing(try Self.vault()))
                let input = Self.input([tenant])
                try await ledger.addTenant(tenant, sealing: sealing, by: Self.actor)
                let first = try await ledger.setCredential(input, sealing: sealing, by: Self.actor).credential
                _ = try await database.withConnection { connection in
                    try await connection.execute(
                        """
                        INSERT INTO bursar.credential SELECT (credential).* FROM (
                            SELECT jsonb_populate_record(credential,
                                jsonb_build_object('credential_id', gen_random_uuid())) AS credential
                            FROM bursar.credential) AS copies
                        """)
                }
                let all = try await ledger.credentials(of: nil).map(\.credential.id)
                let second = try #require(all.first { $0 != first })
                let name = ConnectionName(
                    tenant: tenant.id, provider: input.provider, environment: input.environment)
                let change = ConnectionInput(
                    credential: second, origins: ["https://a.example", "https://b.example"], keepWarm: true)
                try await ledger.setConnection(name, change, by: Self.actor)
                try await ledger.retryConnection(name, by: Self.actor)
                try await ledger.removeConnection(name, by: Self.actor)
                let told = try await ledger.pool.query(
                    """
                    SELECT action, subject, detail->>'credential' AS credential,
                        detail->>'former_credential' AS former, detail->>'origins' AS origins,
                        detail->>'keep_warm' AS warm
                    FROM bursar.audit_event WHERE action LIKE 'connection.%' OR action = 'credential.retired'
                    ORDER BY seq
                    """
                ).map { row in
                    try ["action", "subject", "credential", "former", "origins", "warm"].map {
                        try row.decode($0, as: String?.self) ?? ""
                    }
                }
                let (subject, now) = ("zertiban sandbox", second.description)
                #expect(
                    told == [
                        [
                            "connection.set", subject, now, first.description,
                            "https://a.example https://b.example", "true",
                        ],
                        ["connection.retried", subject, now, "", "", ""],
                        ["credential.retired", now, "", "", "", ""],
                        ["connection.removed", subject, now, "", "", ""],
                    ])
            }
        }
    }
}
