// Replicas lend each other parts of tenants' limits, all of one replica's in one statement.
package import BursarCore
internal import Postgres

extension Ledger: QuotaStore {
    package func exchange(_ request: QuotaRequest) async throws(StoreFailure) -> QuotaAnswer {
        try await serving(.quota) {
            let steps = request.steps
            let rows = try await pool.query(
                """
                SELECT tenant, taken, remaining
                FROM bursar.exchange_quota(
                    \(request.replica), \(request.number), \(steps.map(\.tenant.column)),
                    \(steps.map(\.ask.millionths)), \(steps.map(\.offer.millionths)))
                """)
            var settlements: [QuotaSettlement] = []
            var wanted: Set<TenantID> = []
            for row in rows {
                let tenant = try row.decode("tenant", as: TenantID.self)
                if let taken = try row.decode("taken", as: Int64?.self) {
                    let left = try row.decode("remaining", as: Int64.self)
                    settlements.append(
                        QuotaSettlement(
                            tenant: tenant, taken: Quota(millionths: taken), left: Quota(millionths: left)))
                } else {
                    wanted.insert(tenant)
                }
            }
            return QuotaAnswer(settlements: settlements, wanted: wanted)
        }
    }
}
