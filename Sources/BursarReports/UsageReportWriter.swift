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
        let links = PageLinks(period: request.period, filter: request.filter, isServed: isServed)
        try await source.reading(request.period, request.filter) { reader async throws in
            if request.asksForEvents {
                try await writeEvents(request.format, of: reader, links, to: sink)
            } else if request.format == .html, request.grouping == nil {
                let overview = try await reader.overview()
                try await sink(Array(OverviewPage(overview: overview, links: links).html().utf8))
            } else {
                try await writeRows(request, of: reader, links, to: sink)
            }
        }
    }

    private func writeRows(
        _ request: ReportRequest, of reader: any PeriodReader, _ links: PageLinks, to sink: @escaping Sink
    ) async throws {
        let (head, grouping) = (reader.head, request.grouping ?? .tenant)
        switch request.format {
        case .csv:
            try await sink(Array(CSVFormat.header.utf8))
            try await reader.rows(by: request.grouping) { try await sink(CSVFormat.bytes($0, head: head)) }
        case .json:
            try await sink(Array(JSONFormat.opening(head, totals: try await reader.totals()).utf8))
            let list = JSONList()
            try await reader.rows(by: request.grouping) { batch in
                try await sink(list.bytes(batch.map { JSONFormat.row($0, head: head) }))
            }
            try await sink(Array("\n]}\n".utf8))
        case .table:
            try await sink(Array(TerminalTable.opening(head, grouping).utf8))
            try await reader.rows(by: grouping) { batch in
                try await sink(Array(batch.map { TerminalTable.row($0, grouping) }.joined().utf8))
            }
            try await sink(Array(TerminalTable.closing(try await reader.totals()).utf8))
        case .html:
            let page = Mutex(GroupedPage(head: head, grouping: grouping, links: links))
            try await reader.rows(by: grouping) { batch in page.withLock { $0.add(batch) } }
            let totals = try await reader.totals()
            try await sink(Array(page.withLock { $0.html(totals: totals) }.utf8))
        }
    }

    private func writeEvents(
        _ format: ReportFormat, of reader: any PeriodReader, _ links: PageLinks, to sink: @escaping Sink
    ) async throws {
        switch format {
        case .csv:
            try await sink(Array(EventFormat.csvHeader.utf8))
            try await reader.events { try await sink(EventFormat.csv($0)) }
        case .json:
            try await sink(Array(EventFormat.jsonOpening(reader.head).utf8))
            let list = JSONList()
            try await reader.events { try await sink(list.bytes($0.map(EventFormat.json))) }
            try await sink(Array("\n]}\n".utf8))
        case .table:
            try await sink(Array(EventFormat.lineHeader.utf8))
            try await reader.events { try await sink(Array($0.map(EventFormat.line).joined().utf8)) }
        case .html:
            let page = Mutex(EventPage(head: reader.head, links: links))
            try await reader.events { batch in page.withLock { $0.add(batch) } }
            try await sink(Array(page.withLock { $0.html() }.utf8))
        }
    }
}
