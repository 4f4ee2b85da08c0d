// The columns of a report's rows, alike for CSV and JSON, whatever the rows are grouped by.
internal import BursarCore

enum ReportColumns {
    enum Value {
        case none
        case text(String)
        case count(Int64)

        init(_ text: String?) { self = text.map { .text($0) } ?? .none }
    }

    static let counts: [(name: String, of: @Sendable (MeterCounts) -> Int64)] = [
        ("answers", { $0.answers }), ("answered_memory", { $0[.answeredMemory] }),
        ("answered_store", { $0[.answeredStore] }), ("answered_provider", { $0[.answeredProvider] }),
        ("answered_scoped", { $0[.answeredScoped] }), ("refused", { $0.refused }),
        ("limited", { $0[.limited] }), ("refused_otherwise", { $0[.refused] }),
        ("failed", { $0.failed }), ("failed_caller", { $0[.failedCaller] }),
        ("failed_credential", { $0[.failedCredential] }), ("failed_provider", { $0[.failedProvider] }),
        ("failed_gateway", { $0[.failedGateway] }), ("exchanges", { $0[.exchanges] }),
        ("renewals", { $0[.renewals] }), ("refresh_token_renewals", { $0[.refreshTokenRenewals] }),
    ]

    static let names =
        [
            "period", "zone", "day", "business_uuid", "tenant_name", "client_id", "provider", "environment",
            "kind", "correction_of", "reason",
        ] + counts.map(\.name)

    static func values(_ row: UsageRow, head: PeriodHead) -> [Value] {
        [.text("\(head.period)"), .text(head.zone)] + texts(row) + counts.map { .count($0.of(row.counts)) }
    }

    /// From `day` to `reason`.
    static func texts(_ row: UsageRow) -> [Value] {
        [
            Value(row.day), Value(row.tenant.map { "\($0)" }), Value(row.tenantName), Value(row.client),
            Value(row.provider), Value(row.environment),
            .text(row.correctionOf == nil ? "usage" : "correction"),
            Value(row.correctionOf.map { "\($0)" }), Value(row.reason),
        ]
    }
}
