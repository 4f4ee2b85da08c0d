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
        let texts: [String?] = [
            "\(head.period)", head.zone, row.day, row.tenant.map { "\($0)" }, row.tenantName, row.client,
            row.provider, row.environment, row.correctionOf == nil ? "usage" : "correction",
            row.correctionOf.map { "\($0)" }, row.reason,
        ]
        return texts.map(Value.init) + counts.map { .count($0.of(row.counts)) }
    }
}
