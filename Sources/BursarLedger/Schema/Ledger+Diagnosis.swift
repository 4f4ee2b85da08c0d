// What `bursar doctor` wants to know of the database.
package import BursarCore
internal import Postgres

/// The server and what this user may do there.
package struct DatabaseDiagnosis: Sendable {
    package let serverVersion: String
    package let user: String
    package let isGatewayMember: Bool
    package let isStandby: Bool
    /// Functions that a gateway calls before it uses a server, and that this user may not.
    package let missingFunctions: [String]
    /// The database's clock.
    package let now: Instant
    /// Rows that no month's partition was there for; nil when there is no such table yet.
    package let defaultPartitionRows: Int64?
}

extension Ledger {
    package func diagnose() async throws -> DatabaseDiagnosis {
        let rows = try await pool.query(
            """
            SELECT current_setting('server_version') AS version, current_user::text AS name,
                coalesce((SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles
                          WHERE rolname = 'bursar_gateway'), false) AS member,
                pg_is_in_recovery() AS standby,
                ARRAY(SELECT name FROM unnest(\(ServerPosition.functions)) AS needed (name)
                      WHERE NOT has_function_privilege(name, 'EXECUTE')) AS missing,
                clock_timestamp() AS now
            """)
        let (version, user, member, standby, missing, now) = try rows[0].decode(
            String.self, String.self, Bool.self, Bool.self, [String].self, Instant.self)
        return DatabaseDiagnosis(
            serverVersion: version, user: user, isGatewayMember: member, isStandby: standby,
            missingFunctions: missing, now: now, defaultPartitionRows: try? await strayEvents())
    }

    private func strayEvents() async throws -> Int64 {
        let rows = try await pool.query(
            """
            SELECT count(*) AS stray FROM ((SELECT FROM bursar.refresh_event_default LIMIT 1000)
                UNION ALL (SELECT FROM bursar.usage_minute_default LIMIT 1000)) AS rows
            """)
        return try rows[0].decode("stray", as: Int64.self)
    }

    /// Whether this program fits the database's schema.
    package func compatibility() async throws -> Migrator.Compatibility {
        try await pool.withConnection { try await Migrator(connection: $0).compatibility() }
    }
}
