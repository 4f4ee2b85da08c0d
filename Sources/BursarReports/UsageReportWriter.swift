// Writes reports: the same bytes for a screen, a file and an HTTP answer.
package import BursarCore

/// Turns the figures of a source into a report. Rows go to the sink batch by batch, so memory does not grow
/// with the size of the report.
package struct UsageReportWriter: Sendable {
    /// Takes the bytes of a report in order.
    package typealias Sink = @Sendable ([UInt8]) async throws -> Void

    private let source: any ReportSource

    package init(source: any ReportSource) { self.source = source }

    /// - Parameter links: Whether a page's figures link one level down; only where it is served over HTTP.
    package func write(_ request: ReportRequest, links: Bool, to sink: @escaping Sink) async throws {
        let head = try await source.head(of: request.period)
        if request.asksForEvents {
            try await writeEvents(request, head, to: sink)
        } else if request.format == .html, request.grouping == nil {
            let overview = try await source.overview(of: request.period, filter: request.filter)
            try await sink(Array(OverviewPage(overview: overview, links: links).html().utf8))
        } else {
            try await writeRows(request, head, to: sink)
        }
    }

    private func writeRows(_ request: ReportRequest, _ head: PeriodHead, to sink: @escaping Sink) async throws
    {
        switch request.format {
        case .csv:
            try await sink(Array(CSVFormat.header.utf8))
            try await rows(request, request.grouping) { try await sink(CSVFormat.bytes($0, head: head)) }
        case .json:
            let totals = try await source.totals(of: request.period, filter: request.filter)
            try await sink(Array(JSONFormat.opening(head, totals: totals).utf8))
            let list = JSONList()
            try await rows(request, request.grouping) { batch in
                try await sink(list.bytes(batch.map { JSONFormat.row($0, head: head) }))
            }
            try await sink(Array("\n]}\n".utf8))
        case .table, .html:
            let totals = try await source.totals(of: request.period, filter: request.filter)
            let grouping = request.grouping ?? .tenant
            let layout: any TextLayout = request.format == .html ? PageLayout() : TableLayout()
            try await sink(Array(layout.opening(head, grouping).utf8))
            try await rows(request, grouping) { batch in
                try await sink(Array(batch.map { layout.row($0, grouping) }.joined().utf8))
            }
            try await sink(Array(layout.closing(totals).utf8))
        }
    }

    private func rows(
        _ request: ReportRequest, _ grouping: ReportGrouping?,
        _ each: @Sendable ([UsageRow]) async throws -> Void
    ) async throws {
        try await source.rows(of: request.period, by: grouping, filter: request.filter, each)
    }

    private func writeEvents(
        _ request: ReportRequest, _ head: PeriodHead, to sink: @escaping Sink
    ) async throws {
        let format = request.format
        let list = JSONList()
        try await sink(Array(EventFormat.opening(format, head).utf8))
        try await source.events(of: request.period, filter: request.filter) { batch in
            switch format {
            case .csv: try await sink(Array(batch.map(EventFormat.csv).joined().utf8))
            case .json: try await sink(list.bytes(batch.map(EventFormat.json)))
            case .table: try await sink(Array(batch.map(EventFormat.line).joined().utf8))
            case .html: try await sink(Array(batch.map(EventFormat.html).joined().utf8))
            }
        }
        try await sink(Array(EventFormat.closing(format).utf8))
    }
}
