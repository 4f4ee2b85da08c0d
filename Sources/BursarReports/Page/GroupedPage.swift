// A month's rows by tenant, client, provider, day or reason, as a page.
internal import BursarCore

/// Takes rows in their order. The first ones are shown; what follows is added up in one row, so that a page
/// stays one that a browser shows and a person reads.
struct GroupedPage {
    static let limit = 500

    let head: PeriodHead
    let grouping: ReportGrouping
    let links: PageLinks

    private var rows: [UsageRow] = []
    private var others = MeterCounts()
    private var otherCount: Int64 = 0

    init(head: PeriodHead, grouping: ReportGrouping, links: PageLinks) {
        self.head = head
        self.grouping = grouping
        self.links = links
    }

    mutating func add(_ more: [UsageRow]) {
        let shown = more.prefix(Self.limit - rows.count)
        rows += shown
        for row in more.dropFirst(shown.count) {
            others += row.counts
            otherCount += 1
        }
    }

    func html(totals: MeterCounts) -> String {
        var lines = rows.map { row in
            PageFrame.row(
                name(row), link: links.page(RowNames.filter(row, grouping)),
                figures(row.counts))
        }
        if otherCount > 0 {
            lines.append(PageFrame.row("all others (\(PageWords.number(otherCount)))", figures(others)))
        }
        lines.append(PageFrame.row("Total", figures(totals)))
        let columns =
            [.text(PageWords.grouping(grouping))]
            + ["Tokens", "Refused", "Not served", "Requests to providers"].map(PageFrame.Column.figure)
        let title = "Token usage, \(PageWords.month(head.period)), by \(grouping.rawValue)"
        return PageFrame.opening(title, header: PageHeader(head, links).markup)
            + PageFrame.table(columns, lines) + PageFrame.closing
    }

    private func name(_ row: UsageRow) -> String {
        let meter = grouping == .reason ? row.reason.flatMap(Meter.init(rawValue:)) : nil
        return meter.map(PageWords.meter) ?? RowNames.name(row, grouping)
    }

    private func figures(_ counts: MeterCounts) -> [String] {
        [counts.answers, counts.refused, counts.failed, counts[.exchanges]].map { PageFrame.cell($0) }
    }
}

/// What a grouped row is called, and what it is of.
enum RowNames {
    static func name(_ row: UsageRow, _ grouping: ReportGrouping) -> String {
        let name =
            switch grouping {
            case .tenant: row.tenantName ?? row.tenant.map { "\($0)" }
            case .client:
                row.client ?? row.tenantName.map { $0 == UsageRow.unattributed ? $0 : "\($0) · no client" }
            case .provider: [row.provider, row.environment].compactMap { $0 }.joined(separator: " ")
            case .day: row.day
            case .reason: row.reason
            }
        let shown = name.flatMap { $0.isEmpty ? nil : $0 } ?? UsageRow.unattributed
        return row.correctionOf.map { "\(shown) (corrects \($0))" } ?? shown
    }

    static func filter(_ row: UsageRow, _ grouping: ReportGrouping) -> ReportFilter {
        switch grouping {
        case .tenant: ReportFilter(tenant: row.tenant)
        // What no client did is no page of its own: its tenant's would show everything.
        case .client:
            row.client.flatMap(ClientID.init).map { ReportFilter(tenant: row.tenant, client: $0) } ?? .all
        case .provider:
            ReportFilter(
                provider: row.provider.flatMap(ProviderID.init),
                environment: row.environment.flatMap(ProviderEnvironment.init(rawValue:)))
        case .day: ReportFilter(day: row.day)
        case .reason: .all
        }
    }
}
