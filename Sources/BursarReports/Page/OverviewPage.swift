// The page of a month: what a person reads, prints and signs.
internal import BursarCore

/// One file without script, with nothing from elsewhere. Figures link one level down where `links` says so.
struct OverviewPage {
    let overview: UsageOverview
    let links: Bool

    private var head: PeriodHead { overview.head }

    func html() -> String {
        let title = "Token usage, \(PageWords.month(head.period))"
        let content: [String] =
            overview.totals.isZero && overview.service.succeeded + overview.service.failed == 0
            ? ["<p>Nothing was used in this month\(head.status == .open ? " so far" : "").</p>", corrections]
            : [
                tiles, usage, service, tenants, providers, clients, failures, comparison, corrections,
            ]
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"/>
            <meta http-equiv="Content-Security-Policy"
              content="default-src 'none'; style-src 'unsafe-inline'"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <title>\(PageWords.shown(title))</title><style>\(PageStyle.text)</style></head>
            <body><header><h1>\(PageWords.shown(title))</h1>\(note)</header>
            <main>\(content.joined(separator: "\n"))\(words)</main></body></html>

            """
    }

    private var note: String {
        var lines = "<p class=\"soft\">Days and months are those of \(PageWords.shown(head.zone)): from "
        lines += "\(head.startsAt) to \(head.endsAt), the end not included.</p>"
        lines +=
            "<div class=\"status\(head.closing == nil ? " draft" : "")\"><p>\(PageWords.status(head))</p>"
        if let closing = head.closing {
            lines += "<p>Closed at \(closing.at) by \(PageWords.shown(closing.by)). SHA-256 of the CSV file: "
            lines += "<code>\(PageWords.shown(closing.csvDigest))</code></p>"
        }
        return lines + "</div>" + filterNote
    }

    private var filterNote: String {
        let filter = overview.filter
        let parts = [
            filter.tenant.map { "tenant \($0)" }, filter.day.map { "day \($0)" },
            filter.client.map { "client \($0)" }, filter.provider.map { "provider \($0)" },
            filter.environment.map { "environment \($0)" },
        ].compactMap { $0 }
        guard !parts.isEmpty else { return "" }
        return "<p>Only: \(PageWords.shown(parts.joined(separator: ", "))).</p>"
    }

    // MARK: In short

    private var tiles: String {
        let (totals, before) = (overview.totals, overview.previous)
        let down = overview.service.downtimeSeconds.values.reduce(0, +)
        func tile(_ name: String, _ value: String, _ change: String?) -> String {
            "<div><dt>\(name)</dt><dd class=\"big\">\(value)</dd>"
                + (change.map { "<dd class=\"soft\">\($0)</dd>" } ?? "") + "</div>"
        }
        func counted(_ name: String, _ value: Int64, _ former: Int64?) -> String {
            tile(
                name, PageWords.number(value),
                former.map { "\(PageWords.change(from: $0, to: value)) on the month before" })
        }
        let answered = totals.answers + totals.failed
        return "<h2>In short</h2><dl class=\"tiles\">"
            + counted("Tokens handed out", totals.answers, before?.totals.answers)
            + tile(
                "Answered with a token", PageWords.share(totals.answers, of: answered),
                "of all that were not refused")
            + counted("Refused", totals.refused, before?.totals.refused)
            + counted("Could not be served", totals.failed, before?.totals.failed)
            + counted("Requests to providers", totals[.exchanges], before?.totals[.exchanges])
            + tile(
                "Time without a good token", PageWords.duration(seconds: down),
                "added up over all connections")
            + "</dl>"
    }

    // MARK: Day by day

    private var dayNames: [String] { overview.days.map { String($0.name.suffix(2)) } }

    private var usage: String {
        let handed = PageChart(
            id: "usage", title: "Tokens handed out per day",
            summary: "\(PageWords.number(overview.totals.answers)) tokens on \(overview.days.count) days; "
                + "the busiest day is \(busiest).", labels: dayNames)
        let trouble = PageChart(
            id: "trouble", title: "Requests that could not be served, per day",
            summary: "\(PageWords.number(overview.totals.failed)) requests in the month.", labels: dayNames)
        let scale: (Double) -> String = { PageWords.number(Int64($0)) }
        return "<h2>Day by day</h2><figure><figcaption>Tokens handed out</figcaption>"
            + handed.bars(overview.days.map { Double($0.counts.answers) }, kind: "a", scale: scale)
            + "</figure>"
            + "<figure><figcaption>Requests that could not be served</figcaption>"
            + trouble.bars(overview.days.map { Double($0.counts.failed) }, kind: "b", scale: scale)
            + "</figure>"
            + "<details><summary>The same as a table</summary>"
            + table(
                ["Day", "Tokens", "Refused", "Not served", "Provider asked", "p95", "No good token"],
                overview.days.map { day in
                    row(
                        day, by: "client",
                        [
                            PageWords.number(day.counts.answers), PageWords.number(day.counts.refused),
                            PageWords.number(day.counts.failed), PageWords.number(day.counts[.exchanges]),
                            PageWords.latency(day.service.p95), down(day.service),
                        ])
                }) + "</details>"
    }

    private var busiest: String {
        overview.days.max { $0.counts.answers < $1.counts.answers }?.name ?? "none"
    }

    private func down(_ service: ServiceFigures) -> String {
        PageWords.duration(seconds: service.downtimeSeconds.values.reduce(0, +))
    }

    private var service: String {
        let figures = overview.service
        let chart = PageChart(
            id: "latency", title: "How long providers took, per day",
            summary: "Half of the requests took at most \(PageWords.latency(figures.p50)), 95 of 100 at most "
                + "\(PageWords.latency(figures.p95)), 99 of 100 at most \(PageWords.latency(figures.p99)).",
            labels: dayNames)
        func line(_ name: String, _ kind: String, _ value: (ServiceFigures) -> Duration?) -> PageChart.Line {
            PageChart.Line(
                name: name, kind: kind,
                values: overview.days.map { value($0.service).map { $0.fractionalSeconds * 1_000 } })
        }
        let outage = PageChart(
            id: "downtime", title: "Time without a good token, per day",
            summary: "\(down(figures)) in the month, added up over all connections.", labels: dayNames)
        let seconds = overview.days.map { Double($0.service.downtimeSeconds.values.reduce(0, +)) }
        let faults = Fault.allCases.compactMap { fault in
            figures.downtimeSeconds[fault].map {
                "<li>\(PageWords.duration(seconds: $0)): \(PageWords.fault(fault))</li>"
            }
        }
        return "<h2>How well it worked</h2><p>Providers were asked "
            + "\(PageWords.number(figures.succeeded + figures.failed)) times; "
            + "\(PageWords.share(figures.succeeded, of: figures.succeeded + figures.failed)) went well.</p>"
            + "<figure><figcaption>How long providers took</figcaption>"
            + chart.lines(
                [
                    line("half of the requests", "a") { $0.p50 }, line("95 of 100", "b") { $0.p95 },
                    line("99 of 100", "c") { $0.p99 },
                ], scale: { "\(PageWords.number(Int64($0))) ms" }) + "</figure>"
            + "<figure><figcaption>Time without a good token</figcaption>"
            + outage.bars(seconds, kind: "b", scale: { PageWords.rough(seconds: Int64($0)) }) + "</figure>"
            + (faults.isEmpty ? "" : "<ul>\(faults.joined())</ul>")
    }
}
