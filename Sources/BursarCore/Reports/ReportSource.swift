// Where reports come from: BursarLedger, and values in memory for tests.

/// The figures of periods.
package protocol ReportSource: Sendable {
    /// Checks what is asked for, then calls `body` with a reader that sees one moment: whatever is read by it
    /// adds up, also while counts arrive.
    /// - Throws: `ReportError`, for a month that lies ahead, a day outside it, a tenant that never was.
    func reading<Result: Sendable>(
        _ period: ReportPeriod, _ filter: ReportFilter,
        _ body: (any PeriodReader) async throws -> Result
    ) async throws -> Result
}

/// One period at one moment, as far as a filter lets through. Rows come in batches, so that a report of any
/// size takes no more memory than one of them. A closed period is answered from what is final.
package protocol PeriodReader: Sendable {
    var head: PeriodHead { get }

    func totals() async throws -> MeterCounts

    /// The rows in a fixed order. Without grouping: by day, tenant, client, provider and environment, usage
    /// before corrections; these are the rows of the file whose digest a closed period's manifest holds.
    func rows(
        by grouping: ReportGrouping?, _ each: @Sendable ([UsageRow]) async throws -> Void
    ) async throws

    func overview() async throws -> UsageOverview

    /// The requests to providers behind the figures, oldest first, as long as they are kept.
    func events(_ each: @Sendable ([RefreshEvent]) async throws -> Void) async throws
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
