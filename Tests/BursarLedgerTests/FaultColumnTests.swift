// The view that names whose fault a failure is says the same as the gateway.
import BursarCore
import BursarTestSupport
import Postgres
import Testing

@testable import BursarLedger

@Suite struct FaultColumnTests {
    @Test func theViewKnowsEveryReasonOfTheSet() async throws {
        try await TemporaryDatabase.lend { database async throws in
            let pool = database.pool(role: "postgres")
            let definition = try await pool.query(
                "SELECT pg_get_viewdef('ops.tenant_health'::regclass) AS text")[0].decode(String.self)
            await pool.close()
            // Whatever is not named is the provider's fault.
            let cases = try #require(definition.split(separator: "CASE").last?.split(separator: "ELSE").first)
            for reason in FailureReason.allCases {
                let isNamed = cases.contains("'\(reason.rawValue)'")
                #expect(isNamed == (reason.fault != .provider), "\(reason)")
            }
        }
    }

    @Test func aFailingTokenShowsBesideAGoodOne() async throws {
        try await TemporaryDatabase.lend { database async throws in
            let pool = database.pool(role: "postgres")
            try await pool.execute(
                """
                INSERT INTO bursar.tenant (tenant_id, name, limit_count, limit_period_seconds, limit_burst)
                VALUES ('00000000-0000-0000-0000-00000000000a', 'A', 1, 1, 1)
                """)
            try await pool.execute(
                """
                INSERT INTO bursar.credential
                    (owner_id, credential_id, provider, environment, provider_client_id, secret_ref, state)
                SELECT tenant_id, tenant_id, 'zatlas', 'sandbox', 'client', 'file:x', 'active'
                FROM bursar.tenant
                """)
            try await pool.execute(
                """
                INSERT INTO bursar.connection (tenant_id, provider, environment, credential_id)
                SELECT tenant_id, 'zatlas', 'sandbox', tenant_id FROM bursar.tenant
                """)
            try await pool.execute(
                """
                INSERT INTO bursar.token_slot
                    (owner_id, slot_digest, credential_id, credential_version, provider, environment,
                     issued_at, expires_at, failure_reason, failure_count)
                SELECT tenant_id, digest, tenant_id, 1, 'zatlas', 'sandbox', now(), expires_at, reason, 0
                FROM bursar.tenant, (VALUES
                    (decode(repeat('01', 32), 'hex'), now() + interval '1 hour', NULL),
                    (decode(repeat('02', 32), 'hex'), NULL, 'secret_unavailable')
                ) AS slot (digest, expires_at, reason)
                """)
            let rows = try await pool.query(
                "SELECT failure_reason, fault, has_good_token, answers_1h FROM ops.tenant_health")
            await pool.close()
            #expect(rows.count == 1)
            let (reason, fault, isGood, answers) = try rows[0].decode(
                String?.self, String?.self, Bool.self, Int64.self)
            #expect(reason == "secret_unavailable" && fault == "gateway" && isGood && answers == 0)
        }
    }
}
