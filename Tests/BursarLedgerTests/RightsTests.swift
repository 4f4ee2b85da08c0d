// What each role may read and write.
import BursarLedger
import BursarTestSupport
import Postgres
import Testing

@Suite struct RightsTests {
    @Test(arguments: [("bursar_finance", "finance"), ("bursar_monitor", "ops")])
    func eachRoleReadsAllItsViewsAndNothingElse(_ role: String, _ schema: String) async throws {
        try await TemporaryDatabase.lend { database async throws in
            let relations = try await database.withConnection { connection in
                try await connection.query(
                    """
                    SELECT nspname AS schema, format('%I.%I', nspname, relname) AS name
                    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                    WHERE nspname IN ('bursar', 'finance', 'ops') AND relkind IN ('r', 'p', 'v') ORDER BY 2
                    """
                ).map { try $0.decode(String.self, String.self) }
            }
            #expect(relations.count { $0.0 == schema } >= 3 && relations.count { $0.0 == "bursar" } >= 20)
            let pool = database.pool(role: role, size: 1)
            for (place, name) in relations {
                if place == schema {
                    _ = try await pool.query("SELECT * FROM \(unescaped: name)")
                } else {
                    let error = await #expect(throws: PostgresError.self, "\(name)") { () async throws in
                        _ = try await pool.query("SELECT * FROM \(unescaped: name)")
                    }
                    #expect(error?.sqlState == .insufficientPrivilege, "\(name)")
                }
            }
            await pool.close()
        }
    }

    @Test func aFunctionThatGatewaysNeedAndMayNotCallIsNamed() async throws {
        try await TemporaryDatabase.lend { database async throws in
            try await database.withLedger { ledger async throws in
                #expect(try await ledger.diagnose().missingFunctions.isEmpty)
                _ = try await database.withConnection { connection in
                    try await connection.execute(
                        "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
                }
                #expect(try await ledger.diagnose().missingFunctions == ["pg_control_system()"])
            }
        }
    }

    @Test func everyColumnOfEveryViewIsDescribed() async throws {
        try await TemporaryDatabase.lend { database async throws in
            let rows = try await database.withConnection { connection in
                try await connection.query(
                    """
                    SELECT format('%I.%I.%I', nspname, relname, attname) AS name
                    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                    JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
                    WHERE relkind = 'v' AND nspname IN ('finance', 'ops')
                        AND (col_description(pg_class.oid, attnum) IS NULL
                            OR obj_description(pg_class.oid) IS NULL)
                    """)
            }
            #expect(try rows.map { try $0.decode("name", as: String.self) } == [])
        }
    }

    @Test func tablesOfOneTenantLeadWithIt() async throws {
        let notOfOneTenant = [
            "schema_migration", "config_version", "config_change", "pepper", "audit_key",
            "audit_verification", "client", "report_zone",
            "usage_journal", "usage_batch", "period", "usage_snapshot", "refresh_hour",
            "refresh_provider_day", "downtime_dirty", "replica", "key_policy",
        ]
        try await TemporaryDatabase.lend { database async throws in
            let rows = try await database.withConnection { connection in
                try await connection.query(
                    """
                    SELECT relname::text AS name FROM pg_index
                    JOIN pg_class ON pg_class.oid = indrelid
                    JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
                    WHERE indisprimary AND relnamespace = 'bursar'::regnamespace
                        AND attname NOT IN ('tenant_id', 'owner_id')
                        AND relname <> ALL(\(notOfOneTenant))
                    """)
            }
            #expect(try rows.map { try $0.decode("name", as: String.self) } == [])
        }
    }

    @Test func theGatewayChangesNoAuditLineAndNoSchema() async throws {
        try await TemporaryDatabase.lend { database async throws in
            let pool = database.pool()
            for statement in [
                "UPDATE bursar.audit_event SET actor = 'x'", "DELETE FROM bursar.audit_event",
                "DELETE FROM bursar.audit_head", "UPDATE bursar.audit_anchor SET seq = 1",
                "DELETE FROM bursar.audit_key",
                "TRUNCATE bursar.usage_minute", "CREATE TABLE bursar.mine ()", "DROP TABLE bursar.tenant",
                "DELETE FROM bursar.refresh_event",
            ] {
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.execute("\(unescaped: statement)")
                }
                #expect(error?.sqlState == .insufficientPrivilege, "\(statement)")
            }
            await pool.close()
        }
    }
}
