// Writes reports: the same bytes for a screen, a file and an HTTP answer.
package import BursarCore
private import Synchronization

/// Turns the figures of a source into a report. Rows go to the sink batch by batch, so memory does not grow
/// with the size of the report.
package struct UsageReportWriter: Sendable {
    /// Takes the bytes of a report in order.
    package typealias Sink = @Sendable ([UInt8]) async throws -> Void

    private let source: any ReportSource

    package init(source: any ReportSource) { self.source = source }

    /// - Parameter isServed: whether it is read over HTTP: a page's figures link one level down then.
    package func write(_ request: ReportRequest, isServed: Bool, to sink: @escaping Sink) async throws {
        let head = try await source.head(of: request.period)
        let links = PageLinks(period: request.period, filter: request.filter, isServed: isServed)
        if request.asksForEvents {
            try await writeEvents(request, head, links, to: sink)
        } else if request.format == .html, request.grouping == nil {
            let overview = try await source.overview(of: request.period, filter: request.filter)
            try await sink(Array(OverviewPage(overview: overview, links: links).html().utf8))
        } else {
            try await writeRows(request, head, links, to: sink)
        }
    }

    private func writeRows(
        _ request: ReportRequest, _ head: PeriodHead, _ links: PageLinks, to sink: @escaping Sink
    ) async throws {
        let grouping = request.grouping ?? .tenant
        switch request.format {
        case .csv:
            try await sink(Array(CSVFormat.header.utf8))
            try await rows(request, request.grouping) { try await sink(CSVFormat.bytes($0, head: head)) }
        case .json:
            try await sink(Array(JSONFormat.opening(head, totals: try await totals(request)).utf8))
            let list = JSONList()
            try await rows(request, request.grouping) { batch in
                try await sink(list.bytes(batch.map { JSONFormat.row($0, head: head) }))
            }
            try await sink(Array("\n]}\n".utf8))
        case .table:
            try await sink(Array(TerminalTable.opening(head, grouping).utf8))
            try await rows(request, grouping) { batch in
                try await sink(Array(batch.map { TerminalTable.row($0, grouping) }.joined().utf8))
            }
            try await sink(Array(TerminalTable.closing(try await totals(request)).utf8))
        case .html:
            let page = Mutex(GroupedPage(head: head, grouping: grouping, links: links))
            try await rows(request, grouping) { batch in page.withLock { $0.add(batch) } }
            let totals = try await totals(request)
            try await sink(Array(page.withLock { $0.html(totals: totals) }.utf8))
        }
    }

    private func rows(
        _ request: ReportRequest, _ grouping: ReportGrouping?,
        _ each: @Sendable ([UsageRow]) async throws -> Void
    ) async throws {
        try await source.rows(of: request.period, by: grouping, filter: request.filter, each)
    }

    private func totals(_ request: ReportRequest) async throws -> MeterCounts {
        try await source.totals(of: request.period, filter: request.filter)
    }

    private func writeEvents(
        _ request: ReportRequest, _ head: PeriodHead, _ links: PageLinks, to sink: @escaping Sink
    ) async throws {
        func events(_ each: @Sendable ([RefreshEvent]) async throws -> Void) async throws {
            try await source.events(of: request.period, filter: request.filter, each)
        }
        switch request.format {
        case .csv:
            try await sink(Array(EventFormat.csvHeader.utf8))
            try await events { try await sink(EventFormat.csv($0)) }
        case .json:
            try await sink(Array(EventFormat.jsonOpening(head).utf8))
            let list = JSONList()
            try await events { try await sink(list.bytes($0.map(EventFormat.json))) }
            try await sink(Array("\n]}\n".utf8))
        case .table:
            try await sink(Array(EventFormat.lineHeader.utf8))
            try await events { try await sink(Array($0.map(EventFormat.line).joined().utf8)) }
        case .html:
            let page = Mutex(EventPage(head: head, links: links))
            try await events { batch in page.withLock { $0.add(batch) } }
            try await sink(Array(page.withLock { $0.html() }.utf8))
        }
    }
}
