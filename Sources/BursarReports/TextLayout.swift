// Grouped rows for a person: columns for a terminal, and a plain page.
internal import BursarCore

protocol TextLayout: Sendable {
    func opening(_ head: PeriodHead, _ grouping: ReportGrouping) -> String
    func row(_ row: UsageRow, _ grouping: ReportGrouping) -> String
    func closing(_ totals: MeterCounts) -> String
}

extension TextLayout {
    var titles: [String] { ["answers", "refused", "failed", "exchanges"] }

    func figures(_ counts: MeterCounts) -> [String] {
        [counts.answers, counts.refused, counts.failed, counts[.exchanges]].map(String.init)
    }

    func name(_ row: UsageRow, _ grouping: ReportGrouping) -> String {
        let name =
            switch grouping {
            case .tenant: row.tenantName ?? row.tenant.map { "\($0)" }
            case .client: row.client
            case .provider: [row.provider, row.environment].compactMap { $0 }.joined(separator: " ")
            case .day: row.day
            case .reason: row.reason
            }
        let shown = name.flatMap { $0.isEmpty ? nil : $0 } ?? UsageRow.unattributed
        return row.correctionOf.map { "\(shown) (corrects \($0))" } ?? shown
    }

    func state(_ head: PeriodHead) -> String {
        switch head.status {
        case .open: "open: a draft, the month is not over"
        case .grace: "grace: a draft, late counts may still come"
        case .closed: "closed: final" + (head.closing.map { ", SHA-256 of its CSV \($0.csvDigest)" } ?? "")
        }
    }

    /// Without controls and marks of direction, so that a name cannot disturb what stands around it.
    func plain(_ raw: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in raw.unicodeScalars {
            let category = scalar.properties.generalCategory
            text.append(category == .control || category == .format ? " " : scalar)
        }
        return String(text)
    }
}

struct TableLayout: TextLayout {
    private static let nameWidth = 44
    private static let figureWidth = 20

    func opening(_ head: PeriodHead, _ grouping: ReportGrouping) -> String {
        "Usage of \(head.period), \(head.zone), \(state(head))\n\n" + line(grouping.rawValue, titles)
    }

    func row(_ row: UsageRow, _ grouping: ReportGrouping) -> String {
        line(plain(name(row, grouping)), figures(row.counts))
    }

    func closing(_ totals: MeterCounts) -> String { line("total", figures(totals)) }

    private func line(_ name: String, _ figures: [String]) -> String {
        let short = name.count > Self.nameWidth ? name.prefix(Self.nameWidth - 1) + "…" : name[...]
        let padding = String(repeating: " ", count: max(0, Self.nameWidth - short.count))
        let cells = figures.map { String(repeating: " ", count: max(1, Self.figureWidth - $0.count)) + $0 }
        return short + padding + cells.joined() + "\n"
    }
}

struct PageLayout: TextLayout {
    func opening(_ head: PeriodHead, _ grouping: ReportGrouping) -> String {
        let cells = ([grouping.rawValue] + titles).map { "<th scope=\"col\">\($0)</th>" }
        return Markup.opening("Usage of \(head.period)", "\(head.zone), \(state(head))") + "<thead><tr>"
            + cells.joined() + "</tr></thead>\n<tbody>\n"
    }

    func row(_ row: UsageRow, _ grouping: ReportGrouping) -> String {
        Markup.row(plain(name(row, grouping)), figures(row.counts))
    }

    func closing(_ totals: MeterCounts) -> String { Markup.row("total", figures(totals)) + Markup.closing }
}
