// Months' partitions: made ahead, dropped when past keeping.
package import BursarCore
internal import Postgres

extension Ledger {
    /// Makes this month's partitions and the next one's, and drops those that nothing is kept of any more.
    /// Answers how many rows lie in a default partition, where none should: a few thousand is as far as it
    /// counts. Cheap when there is nothing to do.
    package func maintainPartitions() async throws(StoreFailure) -> Int64 {
        try await serving(.partitions) {
            _ = try await pool.query("SELECT bursar.ensure_partitions((now() AT TIME ZONE 'UTC')::date)")
            _ = try await pool.query("SELECT bursar.drop_old_partitions((now() AT TIME ZONE 'UTC')::date)")
            let rows = try await pool.query(
                """
                SELECT count(*) AS stray FROM (
                    (SELECT FROM bursar.refresh_event_default LIMIT 5001)
                    UNION ALL (SELECT FROM bursar.usage_minute_default LIMIT 5001)) AS rows
                """)
            return try rows[0].decode("stray", as: Int64.self)
        }
    }
}
