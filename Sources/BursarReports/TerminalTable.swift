// Grouped rows for a terminal.
internal import BursarCore

enum TerminalTable {
    private static let nameWidth = 44
    private static let figureWidth = 20

    static func opening(_ head: PeriodHead, _ grouping: ReportGrouping) -> String {
        "Usage of \(head.period), \(head.zone), \(state(head))\n\n"
            + line(grouping.rawValue, ["answers", "refused", "failed", "exchanges"])
    }

    static func row(_ row: UsageRow, _ grouping: ReportGrouping) -> String {
        line(plain(RowNames.name(row, grouping)), figures(row.counts))
    }

    static func closing(_ totals: MeterCounts) -> String { line("total", figures(totals)) }

    private static func figures(_ counts: MeterCounts) -> [String] {
        [counts.answers, counts.refused, counts.failed, counts[.exchanges]].map(String.init)
    }

    private static func state(_ head: PeriodHead) -> String {
        switch head.status {
        case .open: "open: a draft, the month is not over"
        case .grace: "grace: a draft, late counts may still come"
        case .closed: "closed: final" + (head.closing.map { ", SHA-256 of its CSV \($0.csvDigest)" } ?? "")
        }
    }

    /// Without controls and marks of direction, so that a name cannot disturb what stands around it.
    private static func plain(_ raw: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in raw.unicodeScalars {
            let category = scalar.properties.generalCategory
            text.append(category == .control || category == .format ? " " : scalar)
        }
        return String(text)
    }

    private static func line(_ name: String, _ figures: [String]) -> String {
        let short = name.count > nameWidth ? name.prefix(nameWidth - 1) + "…" : name[...]
        let padding = String(repeating: " ", count: max(0, nameWidth - short.count))
        let cells = figures.map { String(repeating: " ", count: max(1, figureWidth - $0.count)) + $0 }
        return short + padding + cells.joined() + "\n"
    }
}
