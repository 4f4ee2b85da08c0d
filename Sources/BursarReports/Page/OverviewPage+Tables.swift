// The page's tables: who, where, why, and against the month before.
internal import BursarCore

extension OverviewPage {
    var days: String {
        PageFrame.table(
            [.text("Day")]
                + ["Tokens", "Refused", "Not served", "Provider asked", "95 of 100 within", "No good token"]
                .map(PageFrame.Column.figure),
            overview.days.map { day in
                named(
                    day, [day.counts.answers, day.counts.refused, day.counts.failed, day.counts[.exchanges]],
                    [PageWords.latency(day.service.p95), Self.downtime(day.service)])
            })
    }

    var tenants: String {
        guard overview.filter.tenant == nil else { return "" }
        // Single tenants compare; all the others together would dwarf them.
        let most = overview.tenants.filter { $0.filter.tenant != nil }.map(\.counts.answers).max() ?? 0
        let rows = overview.tenants.map { tenant in
            PageFrame.row(
                tenant.name, link: links.page(tenant.filter),
                [
                    PageFrame.cell(
                        PageWords.number(tenant.counts.answers)
                            + (tenant.filter.tenant == nil ? "" : bar(tenant.counts.answers, of: most))),
                    PageFrame.cell(tenant.counts.refused), PageFrame.cell(tenant.counts.failed),
                    PageFrame.cell(Self.downtime(tenant.service)),
                ])
        }
        return """
            <h2>The tenants that matter most</h2><p class="soft">\(PageWords.number(overview.tenantCount)) \
            tenants asked for tokens; the CSV file has all of them. “Unattributed” was refused before anyone \
            was known.</p>
            """
                + PageFrame.table(
                    [.text("Tenant")]
                        + ["Tokens", "Refused", "Not served", "No good token"].map(PageFrame.Column.figure),
                    rows)
    }

    private func bar(_ part: Int64, of whole: Int64) -> String {
        guard whole > 0, part > 0 else { return "" }
        let percent = max(1, Int64(Double(part) / Double(whole) * 100))
        return "<span class=\"bar\" style=\"width:\(percent)%\"></span>"
    }

    var clients: String {
        """
        <h2>Clients</h2><p class="soft">A client is one program of a tenant. Requests to providers belong to \
        none.</p>
        """
            + PageFrame.table(
                [.text("Client")] + ["Tokens", "Refused", "Not served"].map(PageFrame.Column.figure),
                overview.clients.map { client in
                    named(client, [client.counts.answers, client.counts.refused, client.counts.failed])
                })
    }

    var providers: String {
        let columns =
            ["Tokens", "Refused", "Not served", "Asked", "Went well", "95 of 100 within", "No good token"]
        return "<h2>Providers</h2>"
            + PageFrame.table(
                [.text("Provider")] + columns.map(PageFrame.Column.figure),
                overview.providers.map { provider in
                    let (counts, service) = (provider.counts, provider.service)
                    return named(
                        provider, [counts.answers, counts.refused, counts.failed, counts[.exchanges]],
                        [
                            PageWords.share(service.succeeded, of: service.succeeded + service.failed),
                            PageWords.latency(service.p95), Self.downtime(service),
                        ])
                })
    }

    var answers: String {
        "<h2>What requests for tokens got</h2>"
            + PageFrame.table(
                [.text("Answer"), .figure("How often")],
                (Meter.answers + Meter.refusals + Meter.failures).filter { overview.totals[$0] != 0 }
                    .map { meter in
                        PageFrame.row(PageWords.meter(meter), [PageFrame.cell(overview.totals[meter])])
                    })
    }

    var failures: String {
        guard !overview.failures.isEmpty else { return "" }
        return """
            <h2>What went wrong with providers</h2><p class="soft">Most of these were made good by the next \
            request, without anybody noticing.</p>
            """
                + PageFrame.table(
                    [.text("What happened"), .text("Provider"), .figure("How often")],
                    overview.failures.map { failure in
                        let filter = ReportFilter(
                            provider: ProviderID(failure.provider),
                            environment: ProviderEnvironment(rawValue: failure.environment),
                            outcome: FailureReason(rawValue: failure.reason))
                        return PageFrame.row(
                            PageWords.reason(failure.reason), link: links.events(filter),
                            [
                                PageFrame.cell(text: "\(failure.provider)/\(failure.environment)"),
                                PageFrame.cell(failure.count),
                            ])
                    })
    }

    var comparison: String {
        guard let previous = overview.previous else { return "" }
        let (month, current) = (PageWords.month(previous.period), PageWords.month(overview.head.period))
        func table(_ subject: String, _ rows: [String]) -> String {
            PageFrame.table([.text(subject), .figure(month), .figure(current), .figure("Change")], rows)
        }
        func compared(_ name: String, _ before: Int64, _ now: Int64) -> String {
            PageFrame.row(
                name,
                [
                    PageFrame.cell(before), PageFrame.cell(now),
                    PageFrame.cell(PageWords.change(from: before, to: now)),
                ])
        }
        let (before, now) = (previous.totals, overview.totals)
        let figures = table(
            "Figure",
            [
                compared("Tokens handed out", before.answers, now.answers),
                compared("Refused", before.refused, now.refused),
                compared("Could not be served", before.failed, now.failed),
                compared("Requests to providers", before[.exchanges], now[.exchanges]),
            ])
        let content = "<h2>Against \(month)</h2>\(figures)"
        guard !previous.movers.isEmpty, overview.filter.tenant == nil else { return content }
        let movers = previous.movers.map { compared($0.name, $0.before, $0.now) }
        return content + "<h3>Whose use changed most</h3>" + table("Tenant", movers)
    }

    var corrections: String {
        guard !overview.corrections.isEmpty else { return "" }
        return """
            <h2>Corrections of earlier months</h2><p class="soft">They count in this month, and name the \
            month that they correct.</p>
            """
                + PageFrame.table(
                    [
                        .text("Tenant"), .figure("Corrects"), .text("Why"), .text("What"),
                    ],
                    overview.corrections.map { row in
                        PageFrame.row(
                            row.tenantName ?? UsageRow.unattributed,
                            [
                                PageFrame.cell(row.correctionOf?.description ?? ""),
                                PageFrame.cell(text: row.reason ?? ""),
                                PageFrame.cell(
                                    text: Meter.allCases.filter { row.counts[$0] != 0 }.map { meter in
                                        "\(PageWords.meter(meter)): \(PageWords.number(row.counts[meter]))"
                                    }.joined(separator: "; ")),
                            ])
                    })
    }

    var words: String {
        """
        <h2>Words</h2><dl class="words">
        <dt>Token</dt><dd>A pass for a payment provider, good for minutes or hours. A merchant's program
        shows it with each request to the provider.</dd>
        <dt>Tokens handed out</dt><dd>Answers that carried a token: from memory, from the database, asked for
        at that moment, or made for one customer and invoice.</dd>
        <dt>Refused</dt><dd>Requests over the tenant's limit, or by somebody who may not.</dd>
        <dt>Could not be served</dt><dd>Requests that got no token although they were allowed, by whose
        fault.</dd>
        <dt>Requests to providers</dt><dd>How often a provider was asked, renewals and failed attempts
        included.</dd>
        <dt>Time without a good token</dt><dd>From a failed request to the next one, when no earlier token
        was still good; at most an hour after each.</dd>
        </dl><p class="soft">The figures of tenants, of days, of minutes and of what gateways delivered add
        up to the same totals: <code>bursar report verify</code> checks it. Percentiles are at most 19 %
        above the exact ones.</p>
        """
    }

    private func named(_ figures: NamedFigures, _ counts: [Int64], _ more: [String] = []) -> String {
        PageFrame.row(
            figures.name, link: links.page(figures.filter),
            counts.map { PageFrame.cell($0) } + more.map { PageFrame.cell($0) })
    }
}
