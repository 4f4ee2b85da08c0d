// Chains as they are written: unbroken whoever writes, and nothing is done that is not in them.
import BursarCore
import BursarTestSupport
import BursarVault
import Postgres
import Testing

@testable import BursarLedger

@Suite struct AuditTrailTests {
    static let actor = Actor("test")

    static func statement(_ number: UInt64, tenant: TenantID) -> ScopedStatement {
        ScopedStatement(
            id: UUIDValue(high: 9, low: number), at: Instant(seconds: 1), tenant: tenant,
            client: ClientID("brc_aaaaaaaaaaaaaaaaaaaa")!, provider: ProviderID("alternative")!,
            environment: .sandbox, subjectHash: [1, 2], memberHashes: ["invoice_id": [3]])
    }

    static func rows(_ ledger: Ledger, _ filter: AuditFilter = AuditFilter()) async throws -> [AuditRow] {
        let gathered = Locked<[AuditRow]>([])
        try await ledger.auditTrail(filter) { rows in gathered.change { $0 += rows } }
        return gathered.value
    }

    static func addTenants(_ count: UInt64, _ ledger: Ledger) async throws -> [TenantID] {
        let sealing = AdministrationTests.sealing(try AdministrationTests.vault())
        var tenants: [TenantID] = []
        for number in 1...count {
            let tenant = AdministrationTests.tenant(number)
            try await ledger.addTenant(tenant, sealing: sealing, by: actor)
            tenants.append(tenant.id)
        }
        return tenants
    }

    /// Lends a database of now with rows that were written before there were chains, two for each tenant.
    static func lendFormer(
        tenants: [TenantID], _ body: (TemporaryDatabase) async throws -> Void
    ) async throws {
        try await TemporaryDatabase.lend(migrated: false) { database async throws in
            try await database.withConnection { connection in
                let former = SchemaFiles(
                    EmbeddedFiles.all.filter { $0.name < "0008" || $0.name == "roles.sql" })
                _ = try await Migrator(connection: connection, files: former).migrate { _ in }
                for tenant in tenants {
                    for detail in [#"{"b": "2", "a": "é\"\\"}"#, "{}"] {
                        try await connection.execute(
                            """
                            INSERT INTO bursar.audit_event
                                (tenant_id, event_id, actor, action, subject, detail)
                            VALUES (\(tenant), gen_random_uuid(), 'cli:x', 'tenant.added', 's',
                                \(PostgresJSON(detail)))
                            """)
                    }
                }
            }
            try await database.migrate()
            try await body(database)
        }
    }

    @Test func eachTenantsRowsFollowOneAnotherAndTheTrailVerifies() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                #expect(try await ledger.verifyAudit(of: nil).findings.count == 0)
                let tenants = try await Self.addTenants(2, ledger)
                try await ledger.renameTenant(tenants[0], to: "Ünï\"code\\ \u{1F389}", by: Self.actor)
                try await ledger.record(Self.statement(1, tenant: tenants[0]))
                try await ledger.deleteTenant(tenants[1], by: Self.actor)
                let first = try await Self.rows(ledger, AuditFilter(tenant: tenants[0]))
                #expect(first.map(\.sequence) == [1, 2, 3])
                #expect(first.map(\.action) == ["tenant.added", "tenant.renamed", "scoped_token.stated"])
                #expect(first[0].previous == AuditChain.beginning)
                #expect(first[1].previous == first[0].mac && first[2].previous == first[1].mac)
                #expect(first[2].actor == "client" && first[2].detail?["invoice_id"] == "03")
                let verified = try await ledger.verifyAudit(of: nil)
                #expect(verified.findings == AuditFindings(), "\(verified.findings.first)")
                #expect(verified.chains == 2 && verified.rows == 5 && verified.unchained == 0)
                #expect(try await ledger.verifyAudit(of: tenants[1]).rows == 2, "also when it is deleted")
            }
        }
    }

    @Test func theTrailIsReadByTenantActionTimeAndNewestSoMany() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                let tenants = try await Self.addTenants(2, ledger)
                for name in ["A", "B", "C"] {
                    try await ledger.renameTenant(tenants[0], to: name, by: Self.actor)
                }
                let newest = try await Self.rows(ledger, AuditFilter(limit: 2))
                #expect(newest.map { $0.detail?["name"] } == ["B", "C"], "the newest last")
                let added = try await Self.rows(ledger, AuditFilter(action: "tenant.added"))
                #expect(added.map(\.chain) == tenants)
                let since = try await Self.rows(ledger, AuditFilter(since: newest[0].at))
                #expect(since == newest)
                let until = try await Self.rows(ledger, AuditFilter(until: newest[0].at))
                #expect(until.count == 3 && !until.contains(newest[0]))
            }
        }
    }

    @Test func eightWritersAtOnceMakeOneUnbrokenChain() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                let tenants = try await Self.addTenants(3, ledger)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for writer in 0..<8 as Range<UInt64> {
                        group.addTask {
                            for round in 0..<10 as Range<UInt64> {
                                if writer < 6 {
                                    let number = writer * 10 + round + 1
                                    try await ledger.record(Self.statement(number, tenant: tenants[0]))
                                } else {
                                    // Several chains in one change, locked in their order.
                                    try await ledger.change(by: Self.actor) { change in
                                        for tenant in writer == 6 ? tenants : tenants.reversed() {
                                            change.audit(
                                                AuditEntry(
                                                    tenant: tenant, action: .connectionSet, subject: "x"))
                                        }
                                    }
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let rows = try await Self.rows(ledger, AuditFilter(tenant: tenants[0]))
                #expect(rows.map(\.sequence) == (1...81).map { $0 }, "in the order of their times too")
                let verified = try await ledger.verifyAudit(of: nil)
                #expect(verified.findings == AuditFindings(), "\(verified.findings.first)")
                #expect(verified.rows == 81 + 2 * 21)
            }
        }
    }

    @Test func whatIsTakenBackLeavesNoGap() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                let tenants = try await Self.addTenants(1, ledger)
                struct Refused: Error {}
                await #expect(throws: Refused.self) { () async throws in
                    try await ledger.pool.transaction { connection in
                        let entry = AuditEntry(tenant: tenants[0], action: .tenantLimited, subject: "x")
                        try await ledger.record([entry], by: Self.actor, on: connection)
                        throw Refused()
                    }
                }
                try await ledger.renameTenant(tenants[0], to: "B", by: Self.actor)
                #expect(try await Self.rows(ledger).map(\.sequence) == [1, 2])
                #expect(try await ledger.verifyAudit(of: nil).findings.count == 0)
            }
        }
    }

    @Test func withoutItsKeyNothingIsChangedAndNothingPretendsToBeVerified() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                let tenants = try await Self.addTenants(1, ledger)
                let pool = database.pool(size: 1)
                let foreign = Ledger(pool: pool, auditing: try AdministrationTests.vault()) { _, _, _ in }
                await #expect(throws: VaultError.keyMissing("audit")) {
                    try await foreign.renameTenant(tenants[0], to: "B", by: Self.actor)
                }
                await #expect(throws: StoreFailure.unavailable) {
                    try await foreign.record(Self.statement(1, tenant: tenants[0]))
                }
                await #expect(throws: VaultError.keyMissing("audit")) { () async throws in
                    _ = try await foreign.verifyAudit(of: nil)
                }
                await pool.close()
                try await database.withConnection { connection in
                    try await connection.script(
                        "SET session_replication_role = replica; DELETE FROM bursar.audit_key",
                        timeout: .seconds(5))
                }
                await #expect(throws: LedgerError.self) {
                    try await ledger.renameTenant(tenants[0], to: "B", by: Self.actor)
                }
                #expect(try await ledger.tenant(tenants[0]).name == "Shop")
                #expect(try await ledger.verifyAudit(of: nil).findings.first.map(\.kind) == [.keyMissing])
            }
        }
    }

    @Test func rowsFromBeforeThereWereChainsAreVouchedForByTheFirstOne() async throws {
        try await Self.lendFormer(tenants: [AdministrationTests.tenant().id]) { database async throws in
            try await database.withLedger { ledger async throws in
                #expect(try await ledger.verifyAudit(of: nil).findings.count == 0)
                _ = try await Self.addTenants(1, ledger)
                let verified = try await ledger.verifyAudit(of: nil)
                #expect(verified.findings == AuditFindings(), "\(verified.findings.first)")
                #expect(verified.unchained == 2 && verified.rows == 1)
                #expect(try await Self.rows(ledger).map(\.sequence) == [nil, nil, 1])
                let former = try await #require(Self.rows(ledger).first)
                for tampering in [
                    "UPDATE bursar.audit_event SET actor = 'y'", "DELETE FROM bursar.audit_event",
                ] {
                    try await database.withConnection { connection in
                        try await connection.script(
                            """
                            SET session_replication_role = replica;
                            ALTER TABLE bursar.audit_event
                                DROP CONSTRAINT IF EXISTS audit_event_is_chained
                            """, timeout: .seconds(5))
                        try await connection.execute(
                            "\(unescaped: tampering) WHERE event_id = \(former.event)")
                    }
                    let found = try await ledger.verifyAudit(of: nil).findings.first
                    #expect(found.map(\.kind) == [.unchained], "\(tampering)")
                }
            }
        }
    }
}
