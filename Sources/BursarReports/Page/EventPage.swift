// Requests to providers, one by one, as a page.
internal import BursarCore

/// Takes requests, oldest first, and shows the first ones.
struct EventPage {
    static let limit = 500

    let head: PeriodHead
    let links: PageLinks

    private var events: [RefreshEvent] = []
    private var count: Int64 = 0

    init(head: PeriodHead, links: PageLinks) {
        self.head = head
        self.links = links
    }

    mutating func add(_ more: [RefreshEvent]) {
        events += more.prefix(Self.limit - events.count)
        count += Int64(more.count)
    }

    func html() -> String {
        let columns: [PageFrame.Column] = [
            .text("When"), .text("Tenant"), .text("Provider"), .text("Why it was asked"), .text("How"),
            .text("What happened"), .figure("Status"), .figure("Took"),
        ]
        let rows = events.map { event in
            PageFrame.row(
                "\(event.at)",
                [
                    PageFrame.cell(text: event.tenant.map { "\($0)" } ?? UsageRow.unattributed),
                    PageFrame.cell(text: "\(event.provider.text)/\(event.environment.rawValue)"),
                    PageFrame.cell(text: PageWords.cause(event.cause)),
                    PageFrame.cell(text: PageWords.step(event.step)),
                    PageFrame.cell(
                        text: event.failure.map {
                            "\(PageWords.reason($0.rawValue)) (\(PageWords.fault($0.fault)))"
                        } ?? "a token came"),
                    PageFrame.cell(event.status.map { "\($0)" } ?? "–"),
                    PageFrame.cell(PageWords.latency(event.latency)),
                ])
        }
        return PageFrame.opening(
            "Requests to providers, \(PageWords.month(head.period))",
            header: PageHeader(head, links, isOfEvents: true).markup) + note + PageFrame.table(columns, rows)
            + PageFrame.closing
    }

    private var note: String {
        let kept = "<p class=\"soft\">Single requests are kept for three months; they belong to no client."
        guard count > Int64(Self.limit) else { return kept + "</p>" }
        let file = links.isServed ? "narrow it by day, tenant or provider" : "write them as CSV"
        return kept + " The first \(Self.limit) of \(PageWords.number(count)) are shown: \(file).</p>"
    }
}
