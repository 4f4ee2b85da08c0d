// Verifying the trail: of what size it may be, what was before the chains, and what is known of a tenant.
import BursarCore
import BursarTestSupport
import BursarVault
import Postgres
import Testing

@testable import BursarLedger

@Suite struct AuditVerifyingTests {
    /// With all rights, and no trigger or constraint in the way.
    private func tamper(_ database: TemporaryDatabase, _ sql: String) async throws {
        try await database.withConnection { connection in
            try await connection.script(
                """
                SET session_replication_role = replica;
                ALTER TABLE bursar.audit_event DROP CONSTRAINT IF EXISTS audit_event_is_chained;
                \(sql)
                """, timeout: .seconds(5))
        }
    }

    private func kinds(_ ledger: Ledger, of tenant: TenantID? = nil) async throws -> [AuditFinding.Kind] {
        try await ledger.verifyAudit(of: tenant).findings.first.map(\.kind)
    }

    private func close(_ ledger: Ledger) async throws {
        _ = try await ledger.close(
            PeriodTests.september, by: AuditTrailTests.actor, digest: TestDigest()
        ) { _ in }
    }

    // MARK: Large trails

    @Test func nothingIsSortedBeforeItsFirstRowComes() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await tamper(
                database,
                """
                INSERT INTO bursar.audit_head
                    SELECT gen_random_uuid(), 50, sha256('x') FROM generate_series(1, 100);
                INSERT INTO bursar.audit_anchor
                    SELECT tenant_id, period, seq, mac
                    FROM bursar.audit_head, unnest(ARRAY['2026-08', '2026-09']) AS period;
                INSERT INTO bursar.audit_event
                    (tenant_id, event_id, actor, action, subject, detail, seq, previous, mac)
                SELECT tenant_id, gen_random_uuid(), 'client', 'a', 's', '{}', place,
                    decode(repeat('00', 32), 'hex'), mac
                FROM generate_series(1, 50) AS place, bursar.audit_head ORDER BY place;
                ANALYZE bursar.audit_event, bursar.audit_head, bursar.audit_anchor;
                """)
            try await database.withLedger { ledger async throws in
                for query in [Ledger.chains(of: nil), Ledger.anchors(of: nil)] {
                    let plan = try await plan(of: query, ledger)
                    #expect(!plan.contains("Sort") && plan.contains("audit_event_by_seq"), "\(plan)")
                }
                let plan = try await plan(of: Ledger.beginnings(of: nil), ledger)
                #expect(!plan.contains("Seq Scan on audit_event"), "\(plan)")
            }
        }
    }

    private func plan(of query: PostgresQuery, _ ledger: Ledger) async throws -> String {
        try await ledger.pool.transaction { connection in
            try await ledger.readInOrder(on: connection)
            return try await connection.query("EXPLAIN \(query)")
                .map { try $0.decode("QUERY PLAN", as: String.self) }.joined(separator: "\n")
        }
    }

    @Test func allFindingsAreCountedAndTheFirstAreKept() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                _ = try await AuditTrailTests.addTenants(1, ledger)
                try await tamper(
                    database,
                    """
                    INSERT INTO bursar.audit_anchor SELECT gen_random_uuid(), '2026-08', 9, sha256('x')
                        FROM generate_series(1, 1100);
                    INSERT INTO bursar.audit_event (tenant_id, event_id, actor, action, subject, detail)
                        SELECT gen_random_uuid(), gen_random_uuid(), 'a', 'b', 'c', '{}'
                        FROM generate_series(1, 1200);
                    """)
                let findings = try await ledger.verifyAudit(of: nil).findings
                #expect(findings.count == 1_100 + 1_200 + 1, "with the month that was never closed")
                #expect(findings.first.count == AuditFindings.limit)
            }
        }
    }

    // MARK: Before the chains

    private static let deletion = "DELETE FROM bursar.audit_event WHERE seq IS NULL AND tenant_id ="

    @Test func formerRowsOfATenantWithoutAChainAreMissed() async throws {
        let tenants = [AdministrationTests.tenant(1).id, AdministrationTests.tenant(2).id]
        try await AuditTrailTests.lendFormer(tenants: tenants) { database async throws in
            try await database.withLedger { ledger async throws in
                _ = try await AuditTrailTests.addTenants(1, ledger)
                let whole = try await ledger.verifyAudit(of: nil)
                #expect(whole.findings == AuditFindings() && whole.unchained == 4 && whole.chains == 2)
                for tenant in tenants { try await tamper(database, "\(Self.deletion) '\(tenant)'") }
                let found = try await ledger.verifyAudit(of: nil).findings.first
                #expect(found.map(\.kind) == [.missing, .missing])
                #expect(Set(found.compactMap(\.chain)) == Set(tenants))
                for tenant in tenants { #expect(try await kinds(ledger, of: tenant) == [.missing]) }
            }
        }
    }

    @Test func formerRowsAreComparedBeforeThereIsAnAuditKey() async throws {
        let tenant = AdministrationTests.tenant().id
        for (deed, kind) in [
            ("UPDATE bursar.audit_event SET actor = 'y'", .unchained),
            ("\(Self.deletion) '\(tenant)'", .missing),
        ] as [(String, AuditFinding.Kind)] {
            try await AuditTrailTests.lendFormer(tenants: [tenant]) { database async throws in
                try await database.withLedger { ledger async throws in
                    let whole = try await ledger.verifyAudit(of: nil)
                    #expect(whole.findings == AuditFindings() && whole.unchained == 2)
                    try await tamper(database, deed)
                    #expect(try await kinds(ledger) == [kind], "\(deed)")
                }
            }
        }
    }

    // MARK: The last verification

    @Test func whatTheLastVerificationFoundIsThereForThoseWhoWatch() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                _ = try await AuditTrailTests.addTenants(1, ledger)
                #expect(try await ledger.lastAuditVerification() == nil)
                try await ledger.note(try await ledger.verifyAudit(of: nil))
                let first = try await #require(ledger.lastAuditVerification())
                #expect(first.findings == 0)
                try await tamper(database, "UPDATE bursar.audit_event SET actor = 'x';")
                try await ledger.note(try await ledger.verifyAudit(of: nil))
                let last = try await #require(ledger.lastAuditVerification())
                #expect(last.findings == 1 && last.at > first.at)
            }
        }
    }

    // MARK: Tenants

    @Test func aTenantThatNeverWasHasNoTrailToVerify() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                let tenants = try await AuditTrailTests.addTenants(2, ledger)
                let unknown = AdministrationTests.tenant(9).id
                let error = await #expect(throws: LedgerError.self) { () async throws in
                    _ = try await ledger.verifyAudit(of: unknown)
                }
                guard case .notFound = error else {
                    Issue.record("not missed: \(String(describing: error))")
                    return
                }
                try await ledger.deleteTenant(tenants[0], by: AuditTrailTests.actor)
                #expect(try await kinds(ledger, of: tenants[0]).isEmpty, "it was there")
                try await tamper(
                    database, "DELETE FROM bursar.audit_event; DELETE FROM bursar.audit_head;")
                #expect(try await kinds(ledger, of: tenants[1]) == [.headMismatch])
            }
        }
    }

    // MARK: Anchors

    @Test func anAnchorOfAMonthToComeIsNamedAndOnceItIsGoneTheMonthCloses() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                _ = try await AuditTrailTests.addTenants(1, ledger)
                try await ledger.pool.execute(
                    """
                    INSERT INTO bursar.audit_anchor SELECT tenant_id, '2026-09', seq, mac
                    FROM bursar.audit_head
                    """)
                let error = await #expect(throws: LedgerError.self) { () async throws in
                    try await close(ledger)
                }
                #expect(error?.description.contains("bursar.audit_anchor") == true)
                // As docs/RUNBOOK.md has it.
                try await database.withConnection { connection in
                    try await connection.script(
                        """
                        BEGIN;
                        SET LOCAL ROLE bursar_owner;
                        ALTER TABLE bursar.audit_anchor DISABLE TRIGGER final;
                        DELETE FROM bursar.audit_anchor
                            WHERE period NOT IN (SELECT period FROM bursar.period);
                        ALTER TABLE bursar.audit_anchor ENABLE TRIGGER final;
                        COMMIT;
                        """, timeout: .seconds(5))
                }
                try await close(ledger)
                #expect(try await kinds(ledger).isEmpty)
            }
        }
    }

    // MARK: The audit key

    @Test func theAuditKeyIsWrappedUnderTheKeyThatSeals() async throws {
        try await TemporaryDatabase.lend { database async throws in
            let vault = try KeyChangeTests.vault("k1", "k2")
            try await database.withLedger(auditing: vault) { ledger async throws in
                try await ledger.pool.execute("UPDATE bursar.key_policy SET sealing_kek = 'k2'")
                try await ledger.addTenant(
                    AdministrationTests.tenant(), sealing: AdministrationTests.sealing(vault),
                    by: AuditTrailTests.actor)
                let keys = try await ledger.pool.query("SELECT kek_id FROM bursar.audit_key")
                #expect(try keys.map { try $0.decode("kek_id", as: String.self) } == ["k2"])
            }
        }
    }
}
