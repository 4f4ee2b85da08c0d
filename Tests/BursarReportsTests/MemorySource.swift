// A report source with values in memory.
import BursarCore

struct MemorySource: ReportSource {
    var rows: [UsageRow] = []
    var batch = 1
    var head = PeriodHead(
        period: ReportPeriod("2026-10")!, zone: "Europe/Berlin", status: .open,
        startsAt: Instant(seconds: 1_790_805_600), endsAt: Instant(seconds: 1_793_487_600), closing: nil)

    func head(of period: ReportPeriod) async throws -> PeriodHead { head }

    func totals(of period: ReportPeriod, filter: ReportFilter) async throws -> MeterCounts {
        rows.reduce(into: MeterCounts()) { $0 += $1.counts }
    }

    func rows(
        of period: ReportPeriod, by grouping: ReportGrouping?, filter: ReportFilter,
        _ each: @Sendable ([UsageRow]) async throws -> Void
    ) async throws {
        for start in stride(from: 0, to: rows.count, by: batch) {
            try await each(Array(rows[start..<min(start + batch, rows.count)]))
        }
    }

    func overview(of period: ReportPeriod, filter: ReportFilter) async throws -> UsageOverview {
        UsageOverview(
            head: head, filter: filter, totals: try await totals(of: period, filter: filter),
            service: .init(),
            previous: nil, days: [], tenants: [], tenantCount: 0, providers: [], clients: [], failures: [],
            corrections: [])
    }

    func events(
        of period: ReportPeriod, filter: ReportFilter, _ each: @Sendable ([RefreshEvent]) async throws -> Void
    ) async throws {}
}

func usage(_ name: String, correcting period: String? = nil) -> UsageRow {
    var counts = MeterCounts()
    for meter in Meter.allCases { counts[meter] = Int64(meter.index + 1) }
    return UsageRow(
        day: "2026-10-01", tenantName: name, client: "pos", provider: "square", environment: "production",
        correctionOf: period.flatMap { ReportPeriod($0) }, reason: period == nil ? nil : "late",
        counts: counts)
}
