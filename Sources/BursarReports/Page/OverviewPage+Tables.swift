// The page's tables: who, where, why, and against the month before.
internal import BursarCore

extension OverviewPage {
    var tenants: String {
        let most = overview.tenants.map(\.counts.answers).max() ?? 0
        return
            "<h2>The tenants that matter most</h2><p class=\"soft\">"
            + "\(PageWords.number(overview.tenantCount)) "
            + "tenants used tokens; the CSV file has all of them. “Unattributed” was refused before "
            + "anyone was "
            + "known.</p>"
            + table(
                ["Tenant", "Tokens", "Refused", "Not served", "No good token"],
                overview.tenants.map { tenant in
                    row(
                        tenant, by: "day",
                        [
                            PageWords.number(tenant.counts.answers) + bar(tenant.counts.answers, of: most),
                            PageWords.number(tenant.counts.refused), PageWords.number(tenant.counts.failed),
                            duration(tenant.service),
                        ])
                })
    }

    private func bar(_ part: Int64, of whole: Int64) -> String {
        guard whole > 0, part > 0 else { return "" }
        let percent = max(1, Int64(Double(part) / Double(whole) * 100))
        return "<span class=\"bar\" style=\"width:\(percent)%\"></span>"
    }

    private func duration(_ service: ServiceFigures) -> String {
        PageWords.duration(seconds: service.downtimeSeconds.values.reduce(0, +))
    }

    var providers: String {
        "<h2>Providers</h2>"
            + table(
                ["Provider", "Tokens", "Asked", "Went well", "95 of 100 within", "No good token"],
                overview.providers.map { provider in
                    let service = provider.service
                    return row(
                        provider, by: "reason",
                        [
                            PageWords.number(provider.counts.answers),
                            PageWords.number(provider.counts[.exchanges]),
                            PageWords.share(service.succeeded, of: service.succeeded + service.failed),
                            PageWords.latency(service.p95), duration(service),
                        ])
                })
    }

    var clients: String {
        "<h2>Clients</h2><p class=\"soft\">A client is one program of a tenant. Requests to "
            + "providers belong to "
            + "none.</p>"
            + table(
                ["Client", "Tokens", "Refused", "Not served"],
                overview.clients.map { client in
                    row(
                        client, by: "provider",
                        [client.counts.answers, client.counts.refused, client.counts.failed].map(
                            PageWords.number))
                })
    }

    var failures: String {
        guard !overview.failures.isEmpty else { return "" }
        return
            "<h2>What went wrong with providers</h2><p class=\"soft\">Most of these were made good "
            + "by the next "
            + "request, without anybody noticing.</p>"
            + table(
                ["Provider", "What happened", "How often"],
                overview.failures.map { failure in
                    "<tr><th scope=\"row\">\(PageWords.shown(failure.provider))/"
                        + "\(PageWords.shown(failure.environment))</th>"
                        + "<td class=\"text\">\(PageWords.shown(PageWords.reason(failure.reason)))</td>"
                        + "<td>\(PageWords.number(failure.count))</td></tr>"
                })
    }

    var comparison: String {
        guard let previous = overview.previous else { return "" }
        func compared(_ name: String, _ before: Int64, _ now: Int64) -> String {
            "<tr><th scope=\"row\">\(PageWords.shown(name))</th><td>\(PageWords.number(before))</td>"
                + "<td>\(PageWords.number(now))</td><td>\(PageWords.change(from: before, to: now))</td></tr>"
        }
        let month = PageWords.month(previous.period)
        let (before, now) = (previous.totals, overview.totals)
        var content = "<h2>Against \(month)</h2>"
        content += table(
            ["Figure", month, PageWords.month(overview.head.period), "Change"],
            [
                compared("Tokens handed out", before.answers, now.answers),
                compared("Refused", before.refused, now.refused),
                compared("Could not be served", before.failed, now.failed),
                compared("Requests to providers", before[.exchanges], now[.exchanges]),
            ])
        guard !previous.movers.isEmpty else { return content }
        content += "<h3>Whose use changed most</h3>"
        return content
            + table(
                ["Tenant", month, PageWords.month(overview.head.period), "Change"],
                previous.movers.map { compared($0.name, $0.before, $0.now) })
    }

    var corrections: String {
        guard !overview.corrections.isEmpty else { return "" }
        return
            "<h2>Corrections of earlier months</h2><p class=\"soft\">They count in this month, "
            + "and name the month "
            + "that they correct.</p>"
            + table(
                ["Tenant", "Corrects", "Why", "Tokens", "Requests to providers"],
                overview.corrections.map { row in
                    "<tr><th scope=\"row\">\(PageWords.shown(row.tenantName ?? UsageRow.unattributed))</th>"
                        + "<td>\(row.correctionOf?.description ?? "")</td>"
                        + "<td class=\"text\">\(PageWords.shown(row.reason ?? ""))</td>"
                        + "<td>\(PageWords.number(row.counts.answers))</td>"
                        + "<td>\(PageWords.number(row.counts[.exchanges]))</td></tr>"
                })
    }

    var words: String {
        let entries = [
            (
                "Token",
                "A pass for a payment provider, good for minutes or hours. A merchant's program "
                    + "shows it with "
                    + "each request to the provider."
            ),
            (
                "Tokens handed out",
                "Answers that carried a token: from memory, from the database, asked for at that "
                    + "moment, or made for one customer and invoice."
            ),
            ("Refused", "Requests over the tenant's limit, or by somebody who may not."),
            ("Could not be served", "Requests that got no token although they were allowed, by whose fault."),
            (
                "Requests to providers",
                "How often a provider was asked, renewals and failed attempts included."
            ),
            (
                "Time without a good token",
                "From a failed request to the next one, when no earlier token was still "
                    + "good; at most an hour after each."
            ),
        ]
        return "<h2>Words</h2><dl class=\"words\">"
            + entries.map { "<dt>\($0.0)</dt><dd>\($0.1)</dd>" }.joined()
            + "</dl><p class=\"soft\">The figures of tenants, of days, of minutes and of what gateways "
            + "delivered add "
            + "up to the same totals: <code>bursar report verify</code> checks it. "
            + "Percentiles are at most 19 % above "
            + "the exact ones.</p>"
    }

    // MARK: Pieces

    func table(_ header: [String], _ rows: [String]) -> String {
        let cells = header.map { name in
            let isText = ["What happened", "Why"].contains(name)
            return "<th scope=\"col\"\(isText ? " class=\"text\"" : "")>\(PageWords.shown(name))</th>"
        }
        return "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\""
            + "\(PageWords.shown(header.joined(separator: ", ")))\"><table><thead><tr>\(cells.joined())"
            + "</tr></thead><tbody>\(rows.joined())</tbody></table></div>"
    }

    /// Cells are markup of our own.
    func row(_ figures: NamedFigures, by grouping: String, _ cells: [String]) -> String {
        let name = "<bdi>\(PageWords.shown(figures.name))</bdi>"
        let linked =
            links && figures.filter != .all
            ? "<a href=\"\(link(figures.filter, grouping))\">\(name)</a>" : name
        return "<tr><th scope=\"row\">\(linked)</th>" + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
    }

    /// One level down, within what is shown. Ids need no escaping in a query.
    private func link(_ filter: ReportFilter, _ grouping: String) -> String {
        let outer = overview.filter
        let members: [(String, String?)] = [
            ("period", overview.head.period.description), ("by", grouping), ("format", "html"),
            ("tenant", (filter.tenant ?? outer.tenant)?.description), ("day", filter.day ?? outer.day),
            ("client", (filter.client ?? outer.client)?.text),
            ("provider", (filter.provider ?? outer.provider)?.text),
            ("environment", (filter.environment ?? outer.environment)?.rawValue),
        ]
        return "?"
            + members.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: "&amp;")
    }
}
