// Where reports come from: BursarLedger, and values in memory for tests.

/// The figures of a period. Rows come in batches, so that a report of any size takes no more memory than one
/// of them. A closed period is answered from its snapshot, always the same.
package protocol ReportSource: Sendable {
    /// - Throws: `ReportError.notBegun` for a month that lies ahead.
    func head(of period: ReportPeriod) async throws -> PeriodHead

    /// - Throws: `ReportError.tenantUnknown` when the filter names a tenant that never was.
    func totals(of period: ReportPeriod, filter: ReportFilter) async throws -> MeterCounts

    /// The rows in a fixed order. Without grouping: by day, tenant, client, provider and environment, usage
    /// before corrections; these are the rows of the file whose digest a closed period's manifest holds.
    func rows(
        of period: ReportPeriod, by grouping: ReportGrouping?, filter: ReportFilter,
        _ each: @Sendable ([UsageRow]) async throws -> Void
    ) async throws

    func overview(of period: ReportPeriod, filter: ReportFilter) async throws -> UsageOverview

    /// The requests to providers behind the figures, oldest first, as long as they are kept.
    func events(
        of period: ReportPeriod, filter: ReportFilter,
        _ each: @Sendable ([RefreshEvent]) async throws -> Void
    ) async throws
}

/// Why there is no report. The text is for the person who asked.
package enum ReportError: Error, Hashable, Sendable, CustomStringConvertible {
    case notBegun(ReportPeriod, startsAt: Instant)
    case tenantUnknown(TenantID)
    case dayOutside(String, ReportPeriod)

    package var description: String {
        switch self {
        case .notBegun(let period, let start):
            "\(period) has not begun: it starts at \(start); ask for a month that has"
        case .tenantUnknown(let tenant):
            "there is no tenant \(tenant) and never was; `bursar tenant list` shows them"
        case .dayOutside(let day, let period): "\(day) is no day of \(period)"
        }
    }
}

/// What a file or a page of a report holds.
package enum ReportFormat: String, Hashable, Sendable, CaseIterable {
    case table, csv, json, html
}

/// What somebody asks for.
package struct ReportRequest: Hashable, Sendable {
    package var period: ReportPeriod
    package var format: ReportFormat
    /// Nil: every row for CSV and JSON, by tenant for tables and pages.
    package var grouping: ReportGrouping?
    package var filter: ReportFilter
    /// The requests to providers instead of counts.
    package var asksForEvents = false

    package init(
        period: ReportPeriod, format: ReportFormat, grouping: ReportGrouping? = nil,
        filter: ReportFilter = .all, asksForEvents: Bool = false
    ) {
        self.period = period
        self.format = format
        self.grouping = grouping
        self.filter = filter
        self.asksForEvents = asksForEvents
    }
}
