// Everything that somebody with all rights on the database may do to the trail, and what is found of it.
import BursarCore
import BursarTestSupport
import Postgres
import Testing

@testable import BursarLedger

@Suite struct AuditTamperingTests {
    /// Deeds are SQL; `:one` and `:two` stand for tenants with five and three rows.
    struct Deed: Sendable {
        let sql: String
        let findings: [String]

        init(_ sql: String, finds findings: String...) {
            self.sql = sql
            self.findings = findings
        }
    }

    /// A place that is about the platform's manifests has no number.
    private static func finding(_ finding: AuditFinding) -> String {
        let tenants = [
            AdministrationTests.tenant(1).id: "one", AdministrationTests.tenant(2).id: "two",
            AuditChain.platform: "platform",
        ]
        let place = finding.chain.map { tenants[$0] ?? "?" } ?? "months"
        return ([finding.kind.rawValue, place] + [finding.sequence.map(String.init)].compactMap { $0 })
            .joined(separator: " ")
    }

    private static func set(_ assignment: String, _ row: String = "3") -> String {
        "UPDATE bursar.audit_event SET \(assignment) WHERE tenant_id = :one AND seq = \(row)"
    }

    private static let cut = "DELETE FROM bursar.audit_event WHERE tenant_id = :one AND seq = 5;"
    private static let insert =
        "INSERT INTO bursar.audit_event "
        + "SELECT tenant_id, gen_random_uuid(), at, actor, action, subject, detail, "

    static let deeds = [
        Deed(set("event_id = gen_random_uuid()"), finds: "altered one 3"),
        Deed(set("at = at + interval '1 microsecond'"), finds: "altered one 3"),
        Deed(set("at = 'infinity'"), finds: "altered one 3"),
        Deed(set("actor = actor || ' '"), finds: "altered one 3"),
        Deed(set("action = 'tenant.deleted'"), finds: "altered one 3"),
        Deed(set("subject = ''"), finds: "altered one 3"),
        Deed(set("detail = '{}'"), finds: "altered one 3"),
        Deed(set("detail = detail || '{\"x\": \"y\"}'"), finds: "altered one 3"),
        Deed(set("detail = '{\"name\": 1}'"), finds: "altered one 3"),
        Deed(set("previous = sha256('x')"), finds: "altered one 3"),
        Deed(set("previous = sha256('x')", "1"), finds: "altered one 1", "missing one"),
        Deed(set("mac = sha256('x')"), finds: "altered one 3"),
        Deed(set("mac = sha256('x')", "5"), finds: "altered one 5", "anchor_mismatch one 5"),
        Deed(
            set("seq = 7"), finds: "missing one 3", "missing one 6", "reordered one 7", "head_mismatch one 7"
        ),
        Deed(
            set("tenant_id = :two, seq = 4"), finds: "missing one 3", "altered two 4", "head_mismatch two 4"),
        Deed("DELETE FROM bursar.audit_event WHERE tenant_id = :one AND seq = 1", finds: "missing one 1"),
        Deed(
            "DELETE FROM bursar.audit_event WHERE tenant_id = :one AND seq IN (2, 3)",
            finds: "missing one 2"),
        Deed(
            set("seq = 6", "2") + ";" + set("seq = 2", "4") + ";" + set("seq = 4", "6"),
            finds: "reordered one 2", "reordered one 4"),
        Deed(cut, finds: "cut_off one 5", "cut_off one 5"),
        Deed(
            "DELETE FROM bursar.audit_event WHERE tenant_id = :two", finds: "cut_off two 1", "cut_off two 1"),
        Deed(
            cut + """
                UPDATE bursar.audit_head SET seq = last.seq, mac = last.mac FROM bursar.audit_event AS last
                WHERE last.tenant_id = :one AND last.seq = 4 AND audit_head.tenant_id = :one
                """, finds: "cut_off one 5"),
        Deed(
            insert + "6, mac, sha256('x') FROM bursar.audit_event WHERE tenant_id = :one AND seq = 5",
            finds: "altered one 6", "head_mismatch one 6"),
        Deed(
            "ALTER TABLE bursar.audit_event DROP CONSTRAINT audit_event_is_chained;" + insert
                + "NULL, NULL, NULL FROM bursar.audit_event WHERE tenant_id = :one AND seq = 5",
            finds: "unchained one"),
        Deed("UPDATE bursar.audit_head SET seq = 4 WHERE tenant_id = :one", finds: "head_mismatch one 5"),
        Deed(
            "UPDATE bursar.audit_head SET mac = sha256('x') WHERE tenant_id = :one",
            finds: "head_mismatch one 5"),
        Deed("DELETE FROM bursar.audit_head WHERE tenant_id = :one", finds: "head_mismatch one 5"),
        Deed(
            "DELETE FROM bursar.audit_head WHERE tenant_id = :two;"
                + "DELETE FROM bursar.audit_event WHERE tenant_id = :two",
            finds: "head_mismatch two", "cut_off two 1"),
        Deed(
            "UPDATE bursar.audit_anchor SET mac = sha256('x') WHERE tenant_id = :two",
            finds: "anchor_mismatch two 3", "anchor_mismatch months"),
        Deed(
            "UPDATE bursar.audit_anchor SET seq = 9 WHERE tenant_id = :two",
            finds: "cut_off two 4", "anchor_mismatch months"),
        Deed("DELETE FROM bursar.audit_anchor WHERE tenant_id = :two", finds: "anchor_mismatch months"),
        Deed(
            "INSERT INTO bursar.audit_anchor SELECT tenant_id, '2030-01', seq, mac FROM bursar.audit_head "
                + "WHERE tenant_id = :one",
            finds: "anchor_mismatch months"),
        Deed(
            "INSERT INTO bursar.audit_anchor VALUES (:one, '2030-01', 9, sha256('x'))",
            finds: "anchor_mismatch one 9", "anchor_mismatch months"),
        Deed(
            "UPDATE bursar.period SET manifest = replace(manifest, 'bursar-usage', 'bursar_usage')",
            finds: "anchor_mismatch months"),
        Deed("DELETE FROM bursar.period", finds: "anchor_mismatch months"),
    ]

    private static let tables = ["audit_event", "audit_head", "audit_anchor", "period"]

    @Test func eachDeedIsFoundAndCalledByItsName() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                let tenants = try await AuditTrailTests.addTenants(2, ledger)
                for name in ["B", "C", "D", "E"] {
                    try await ledger.renameTenant(tenants[0], to: name, by: AuditTrailTests.actor)
                }
                for number in [1, 2] as [UInt64] {
                    try await ledger.record(AuditTrailTests.statement(number, tenant: tenants[1]))
                }
                _ = try await ledger.close(
                    PeriodTests.september, by: AuditTrailTests.actor, digest: TestDigest()
                ) { _ in }
                let whole = try await ledger.verifyAudit(of: nil)
                #expect(whole.findings == AuditFindings() && whole.anchors == 2 && whole.rows == 9)
                try await database.withConnection { connection in
                    try await connection.script(
                        "SET session_replication_role = replica;"
                            + Self.tables.map { "CREATE TABLE public.\($0) AS TABLE bursar.\($0);" }.joined(),
                        timeout: .seconds(5))
                    for deed in Self.deeds {
                        let sql = deed.sql.replacing(":one", with: "'\(tenants[0])'")
                            .replacing(":two", with: "'\(tenants[1])'")
                        try await connection.script(sql, timeout: .seconds(5))
                        let found = try await ledger.verifyAudit(of: nil).findings
                        #expect(found.first.map(Self.finding) == deed.findings, "\(deed.sql)")
                        try await connection.script(
                            Self.tables.map {
                                "DELETE FROM bursar.\($0); "
                                    + "INSERT INTO bursar.\($0) SELECT * FROM public.\($0);"
                            }.joined(), timeout: .seconds(5))
                    }
                }
                #expect(try await ledger.verifyAudit(of: nil).findings.count == 0)
            }
        }
    }

    /// The limit that docs/THREAT_MODEL.md names.
    @Test func whatIsCutOffWithTheHeadIsFoundFromTheNextClosingOn() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                let tenants = try await AuditTrailTests.addTenants(1, ledger)
                try await ledger.renameTenant(tenants[0], to: "B", by: AuditTrailTests.actor)
                let closes = [false, true]
                for isClosed in closes {
                    if isClosed {
                        try await ledger.renameTenant(tenants[0], to: "C", by: AuditTrailTests.actor)
                        _ = try await ledger.close(
                            PeriodTests.september, by: AuditTrailTests.actor, digest: TestDigest()
                        ) { _ in }
                    }
                    try await database.withConnection { connection in
                        try await connection.execute("SET session_replication_role = replica")
                        try await connection.execute(
                            "DELETE FROM bursar.audit_event WHERE tenant_id = \(tenants[0]) AND seq > 1")
                        try await connection.execute(
                            """
                            UPDATE bursar.audit_head SET seq = 1, mac = first.mac
                            FROM bursar.audit_event AS first
                            WHERE first.tenant_id = \(tenants[0]) AND first.seq = 1
                                AND audit_head.tenant_id = \(tenants[0])
                            """)
                    }
                    let found = try await ledger.verifyAudit(of: nil).findings.first
                    #expect(found.map(\.kind) == (isClosed ? [.cutOff] : []))
                }
            }
        }
    }
}
