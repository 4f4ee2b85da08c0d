// A report source with values in memory.
import BursarCore

struct MemorySource: ReportSource, PeriodReader {
    var rows: [UsageRow] = []
    var events: [RefreshEvent] = []
    var batch = 1
    var filter = ReportFilter.all
    var head = PeriodHead(
        period: ReportPeriod("2026-10")!, zone: "Europe/Berlin", status: .open,
        startsAt: Instant(seconds: 1_790_805_600), endsAt: Instant(seconds: 1_793_487_600), closing: nil)

    func reading<Result: Sendable>(
        _ period: ReportPeriod, _ filter: ReportFilter, _ body: (any PeriodReader) async throws -> Result
    ) async throws -> Result {
        var reader = self
        reader.filter = filter
        return try await body(reader)
    }

    func totals() async throws -> MeterCounts {
        rows.reduce(into: MeterCounts()) { $0 += $1.counts }
    }

    func rows(
        by grouping: ReportGrouping?, _ each: @Sendable ([UsageRow]) async throws -> Void
    ) async throws {
        for start in stride(from: 0, to: rows.count, by: batch) {
            try await each(Array(rows[start..<min(start + batch, rows.count)]))
        }
    }

    func overview() async throws -> UsageOverview {
        UsageOverview(
            head: head, filter: filter, totals: try await totals(),
            service: .init(), previous: nil,
            days: rows.map { named($0.day ?? "", ReportFilter(day: $0.day), $0) },
            tenants: rows.map { named($0.tenantName ?? "", ReportFilter(tenant: $0.tenant), $0) },
            tenantCount: Int64(rows.count),
            providers: [
                NamedFigures(
                    name: "square/production",
                    filter: ReportFilter(provider: ProviderID("square"), environment: .production),
                    counts: MeterCounts(), service: .init())
            ],
            clients: [],
            failures: [.init(provider: "square", environment: "production", reason: "timed_out", count: 3)],
            corrections: rows.filter { $0.correctionOf != nil })
    }

    private func named(_ name: String, _ filter: ReportFilter, _ row: UsageRow) -> NamedFigures {
        NamedFigures(name: name, filter: filter, counts: row.counts, service: .init())
    }

    func events(_ each: @Sendable ([RefreshEvent]) async throws -> Void) async throws {
        for start in stride(from: 0, to: events.count, by: batch) {
            try await each(Array(events[start..<min(start + batch, events.count)]))
        }
    }
}

func event(_ number: Int64, failure: FailureReason? = nil) -> RefreshEvent {
    RefreshEvent(
        id: UUIDValue(high: 1, low: UInt64(number)), at: Instant(seconds: 1_790_805_600 + number),
        owner: OwnerID(UUIDValue(high: 2, low: 1)), tenant: TenantID(UUIDValue(high: 2, low: 1)),
        provider: ProviderID("square")!, environment: .production,
        credential: CredentialID(UUIDValue(high: 3, low: 1)), cause: .renewal, step: .full, failure: failure,
        status: failure == nil ? 200 : nil, latency: .milliseconds(42), lifetime: .seconds(3_600))
}

func usage(_ name: String, correcting period: String? = nil) -> UsageRow {
    var counts = MeterCounts()
    for meter in Meter.allCases { counts[meter] = Int64(meter.index + 1) }
    return UsageRow(
        day: "2026-10-01", tenantName: name, client: "pos", provider: "square", environment: "production",
        correctionOf: period.flatMap { ReportPeriod($0) }, reason: period == nil ? nil : "late",
        counts: counts)
}
