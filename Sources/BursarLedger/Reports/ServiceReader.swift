// How requests to providers went: latencies from merged buckets, failures, time without a good token.
internal import BursarCore
private import Foundation
internal import Postgres

/// Requests in the buckets of `bursar.latency_bucket`. Such sums add up over any time, provider and replica.
struct ServiceSums {
    private var buckets: [Int64: Int64] = [:]
    private var total: Int64 = 0
    private var succeeded: Int64 = 0
    private var downtime: [Fault: Int64] = [:]

    mutating func add(bucket: Int64, count: Int64, succeeded: Int64) {
        buckets[bucket, default: 0] += count
        total += count
        self.succeeded += succeeded
    }

    mutating func add(seconds: Int64, by fault: Fault) { downtime[fault, default: 0] += seconds }

    var figures: ServiceFigures {
        ServiceFigures(
            succeeded: succeeded, failed: total - succeeded, p50: percentile(0.5), p95: percentile(0.95),
            p99: percentile(0.99), downtimeSeconds: downtime)
    }

    /// Upper bound of the first bucket up to which so many requests lie, as `bursar.latency_bound_us` has it.
    private func percentile(_ share: Double) -> Duration? {
        var reached: Int64 = 0
        for (bucket, count) in buckets.sorted(by: { $0.key < $1.key }) {
            reached += count
            guard Double(reached) >= share * Double(total) else { continue }
            return .microseconds(Int64((1_000 * pow(2, Double(bucket) / 4)).rounded()))
        }
        return nil
    }
}

struct ServiceKey: Hashable, CustomStringConvertible {
    let provider: String
    let environment: String

    var description: String { [provider, environment].filter { !$0.isEmpty }.joined(separator: "/") }
}

extension ReportReader {
    struct Service {
        var all = ServiceFigures()
        var days: [String: ServiceFigures] = [:]
        var providers: [ServiceKey: ServiceFigures] = [:]
    }

    /// Days of requests within the filter. Those of all tenants are kept added up.
    private var requests: PostgresQuery {
        filter.tenant == nil
            ? "FROM bursar.refresh_provider_day WHERE \(condition(head.period))"
            : "FROM bursar.refresh_day WHERE \(condition(head.period)) AND \(tenantCondition)"
    }

    private static let merged = """
        bucket::bigint, sum(count)::bigint AS count,
        coalesce(sum(count) FILTER (WHERE outcome = 'ok'), 0)::bigint AS succeeded
        """

    func service() async throws -> Service {
        var all = ServiceSums()
        var days: [String: ServiceSums] = [:]
        var providers: [ServiceKey: ServiceSums] = [:]
        func add(_ day: String, _ key: ServiceKey, _ change: (inout ServiceSums) -> Void) {
            change(&all)
            change(&days[day, default: ServiceSums()])
            change(&providers[key, default: ServiceSums()])
        }
        let requests = try await connection.query(
            """
            SELECT day::text AS day, provider, environment, \(unescaped: Self.merged) \(requests)
            GROUP BY 1, 2, 3, bucket
            """)
        for row in requests {
            let (day, provider, environment, bucket, count, succeeded) = try row.decode(
                String.self, String.self, String.self, Int64.self, Int64.self, Int64.self)
            add(day, ServiceKey(provider: provider, environment: environment)) {
                $0.add(bucket: bucket, count: count, succeeded: succeeded)
            }
        }
        let outages = try await connection.query(
            """
            SELECT day::text AS day, provider, environment, fault, sum(seconds)::bigint AS seconds
            FROM bursar.downtime_day WHERE \(condition(head.period)) AND \(tenantCondition)
            GROUP BY 1, 2, 3, 4
            """)
        for row in outages {
            let (day, provider, environment, fault, seconds) = try row.decode(
                String.self, String.self, String.self, String.self, Int64.self)
            guard let fault = Fault(rawValue: fault) else { continue }
            add(day, ServiceKey(provider: provider, environment: environment)) {
                $0.add(seconds: seconds, by: fault)
            }
        }
        return Service(
            all: all.figures, days: days.mapValues(\.figures), providers: providers.mapValues(\.figures))
    }

    func service(ofTenants tenants: [UUIDValue]) async throws -> [UUIDValue: ServiceFigures] {
        var sums: [UUIDValue: ServiceSums] = [:]
        let ids = tenants.map { PostgresUUID($0) }
        let requests = try await connection.query(
            """
            SELECT tenant_id, \(unescaped: Self.merged) FROM bursar.refresh_day
            WHERE tenant_id = ANY(\(ids)) AND \(condition(head.period)) GROUP BY tenant_id, bucket
            """)
        for row in requests {
            let (tenant, bucket, count, succeeded) = try row.decode(
                UUIDValue.self, Int64.self, Int64.self, Int64.self)
            sums[tenant, default: ServiceSums()].add(bucket: bucket, count: count, succeeded: succeeded)
        }
        let outages = try await connection.query(
            """
            SELECT tenant_id, fault, sum(seconds)::bigint AS seconds FROM bursar.downtime_day
            WHERE tenant_id = ANY(\(ids)) AND \(condition(head.period)) GROUP BY 1, 2
            """)
        for row in outages {
            let (tenant, fault, seconds) = try row.decode(UUIDValue.self, String.self, Int64.self)
            guard let fault = Fault(rawValue: fault) else { continue }
            sums[tenant, default: ServiceSums()].add(seconds: seconds, by: fault)
        }
        return sums.mapValues(\.figures)
    }

    func failures() async throws -> [UsageOverview.FailureCount] {
        try await connection.query(
            """
            SELECT provider, environment, outcome, sum(count)::bigint AS count \(requests)
                AND outcome <> 'ok'
            GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 50
            """
        ).map { row in
            let (provider, environment, reason, count) = try row.decode(
                String.self, String.self, String.self, Int64.self)
            return UsageOverview.FailureCount(
                provider: provider, environment: environment, reason: reason, count: count)
        }
    }
}
