// The page of a month: what a person reads, prints and signs.
internal import BursarCore

/// In short, day by day, how well it worked, who, where, why, and against the month before. Its tables are in
/// OverviewPage+Tables.
struct OverviewPage {
    let overview: UsageOverview
    let links: PageLinks

    private var head: PeriodHead { overview.head }
    /// One day has no course of days, and its neighbours say nothing of it.
    private var isDay: Bool { overview.filter.day != nil }

    func html() -> String {
        let isEmpty = overview.totals.isZero && overview.service.succeeded + overview.service.failed == 0
        let content: [String] =
            isEmpty
            ? ["<p>Nothing was used\(head.status == .open ? " so far" : "").</p>", corrections]
            : [
                tiles, isDay ? "" : usage, service, tenants, clients, providers, answers, failures,
                comparison, corrections,
            ]
        let tenantName = overview.filter.tenant.flatMap { _ in overview.tenants.first?.name }
        return PageFrame.opening(
            "Token usage, \(PageWords.month(head.period))",
            header: PageHeader(head, links, tenantName: tenantName).markup)
            + content.joined(separator: "\n") + words + PageFrame.closing
    }

    // MARK: In short

    private var tiles: String {
        let (totals, before) = (overview.totals, overview.previous)
        func tile(_ name: String, _ value: String, _ note: String?) -> String {
            "<div><dt>\(name)</dt><dd class=\"big\">\(value)</dd>"
                + (note.map { "<dd class=\"soft\">\($0)</dd>" } ?? "") + "</div>"
        }
        func counted(_ name: String, _ value: Int64, _ former: Int64?) -> String {
            tile(
                name, PageWords.number(value),
                former.map { "\(PageWords.change(from: $0, to: value)) on the month before" })
        }
        return "<h2>In short</h2><dl class=\"tiles\">"
            + counted("Tokens handed out", totals.answers, before?.totals.answers)
            + tile(
                "Answered with a token", PageWords.share(totals.answers, of: totals.answers + totals.failed),
                "of all that were not refused")
            + counted("Refused", totals.refused, before?.totals.refused)
            + counted("Could not be served", totals.failed, before?.totals.failed)
            + counted("Requests to providers", totals[.exchanges], before?.totals[.exchanges])
            + tile(
                "Time without a good token", Self.downtime(overview.service),
                "added up over all connections")
            + "</dl>"
    }

    static func downtime(_ service: ServiceFigures) -> String {
        PageWords.duration(seconds: seconds(service))
    }

    private static func seconds(_ service: ServiceFigures) -> Int64 {
        service.downtimeSeconds.values.reduce(0, +)
    }

    // MARK: Day by day

    private var dayNames: [String] { overview.days.map { String($0.name.suffix(2)) } }

    private var usage: String {
        let busiest = overview.days.max { $0.counts.answers < $1.counts.answers }?.name ?? "none"
        let handed = PageChart(
            id: "usage", title: "Tokens handed out per day",
            summary: "\(PageWords.number(overview.totals.answers)) tokens on \(overview.days.count) days; "
                + "the busiest day is \(busiest).", labels: dayNames)
        let trouble = PageChart(
            id: "trouble", title: "Requests that could not be served, per day",
            summary: "\(PageWords.number(overview.totals.failed)) requests in the month.", labels: dayNames)
        let scale: (Double) -> String = { PageWords.number(Int64($0)) }
        return "<h2>Day by day</h2>"
            + figure(
                "Tokens handed out", handed, overview.days.map { Double($0.counts.answers) }, kind: "a",
                scale: scale)
            + figure(
                "Requests that could not be served", trouble, overview.days.map { Double($0.counts.failed) },
                kind: "b", scale: scale)
            + "<details><summary>The same as a table</summary>\(days)</details>"
    }

    private func figure(_ caption: String, _ content: String) -> String {
        "<figure><figcaption>\(caption)</figcaption>\(content)</figure>"
    }

    /// Bars, or the word that there are none: an empty chart looks like a mistake.
    private func figure(
        _ caption: String, _ chart: PageChart, _ values: [Double], kind: String, scale: (Double) -> String
    ) -> String {
        guard values.contains(where: { $0 > 0 }) else { return "<p>\(caption): none.</p>" }
        return figure(caption, chart.bars(values, kind: kind, scale: scale))
    }

    // MARK: How well it worked

    private var service: String {
        let figures = overview.service
        let asked = figures.succeeded + figures.failed
        var text = """
            <h2>How well it worked</h2><p>Providers were asked \(PageWords.number(asked)) times; \
            \(PageWords.share(figures.succeeded, of: asked)) went well. Half of the requests took at most \
            \(PageWords.latency(figures.p50)), 95 of 100 at most \(PageWords.latency(figures.p95)), 99 of \
            100 at most \(PageWords.latency(figures.p99)).</p>
            """
        if overview.filter.client != nil {
            text += "<p class=\"soft\">Requests to providers belong to no client: these are its tenant's.</p>"
        }
        if !isDay { text += serviceCharts }
        let faults = Fault.allCases.compactMap { fault in
            figures.downtimeSeconds[fault].map {
                "<li>\(PageWords.duration(seconds: $0)) without a good token: \(PageWords.fault(fault))</li>"
            }
        }
        return text + (faults.isEmpty ? "" : "<ul>\(faults.joined())</ul>")
    }

    private var serviceCharts: String {
        let figures = overview.service
        func line(_ name: String, _ kind: String, _ value: (ServiceFigures) -> Duration?) -> PageChart.Line {
            PageChart.Line(
                name: name, kind: kind,
                values: overview.days.map { value($0.service).map { $0.fractionalSeconds * 1_000 } })
        }
        let latency = PageChart(
            id: "latency", title: "How long providers took, per day",
            summary: "95 of 100 requests took at most \(PageWords.latency(figures.p95)).", labels: dayNames)
        let outage = PageChart(
            id: "downtime", title: "Time without a good token, per day",
            summary: "\(Self.downtime(figures)) in the month, added up over all connections.",
            labels: dayNames)
        let lines = [
            line("half of the requests", "a") { $0.p50 }, line("95 of 100", "b") { $0.p95 },
            line("99 of 100", "c") { $0.p99 },
        ]
        return figure(
            "How long providers took",
            latency.lines(lines, scale: { "\(PageWords.number(Int64($0))) ms" }))
            + figure(
                "Time without a good token", outage, overview.days.map { Double(Self.seconds($0.service)) },
                kind: "b", scale: { PageWords.rough(seconds: Int64($0)) })
    }
}
