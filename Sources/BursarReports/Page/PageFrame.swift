// What every page has: its frame, tables and links.
internal import BursarCore

/// One file without script, with nothing from elsewhere.
enum PageFrame {
    /// - Parameter header: markup below the title.
    static func opening(_ title: String, header: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"/>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title>\(PageWords.shown(title))</title><style>\(PageStyle.text)</style></head>
        <body><header><h1>\(PageWords.shown(title))</h1>\(header)</header>
        <main>

        """
    }

    static let closing = "\n</main></body></html>\n"

    /// A column of a table; text stands to the left, figures to the right.
    struct Column {
        let name: String
        let isText: Bool

        static func text(_ name: String) -> Column { Column(name: name, isText: true) }
        static func figure(_ name: String) -> Column { Column(name: name, isText: false) }
    }

    /// - Parameter rows: from `row`.
    static func table(_ columns: [Column], _ rows: [String]) -> String {
        let heads = columns.map {
            "<th scope=\"col\"\($0.isText ? " class=\"text\"" : "")>\(PageWords.shown($0.name))</th>"
        }
        let label = PageWords.shown(columns.map(\.name).joined(separator: ", "))
        return
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(label)\"><table><thead><tr>"
            + heads.joined() + "</tr></thead><tbody>" + rows.joined() + "</tbody></table></div>"
    }

    /// - Parameters:
    ///   - name: plain text.
    ///   - link: markup of an address within this site; nil for none.
    ///   - cells: from `cell`.
    static func row(_ name: String, link: String? = nil, _ cells: [String]) -> String {
        let shown = "<bdi>\(PageWords.shown(name))</bdi>"
        let linked = link.map { "<a href=\"\($0)\">\(shown)</a>" } ?? shown
        return "<tr><th scope=\"row\">\(linked)</th>\(cells.joined())</tr>\n"
    }

    static func cell(_ markup: String) -> String { "<td>\(markup)</td>" }
    static func cell(_ number: Int64) -> String { cell(PageWords.number(number)) }
    static func cell(text: String) -> String { "<td class=\"text\">\(PageWords.shown(text))</td>" }
}

/// Where a figure leads: the same month, one level down. Only where pages are served: a file links nowhere.
struct PageLinks {
    let period: ReportPeriod
    /// What the page is of.
    let filter: ReportFilter
    let isServed: Bool

    /// The page of what `inner` adds to this page's filter.
    func page(_ inner: ReportFilter) -> String? {
        guard isServed, inner != .all else { return nil }
        return address(joined(inner), [("format", "html")])
    }

    /// The requests to providers behind a figure.
    func events(_ inner: ReportFilter = .all) -> String? {
        guard isServed else { return nil }
        var filter = joined(inner)
        filter.client = nil
        return address(filter, [("format", "html"), ("events", "true")])
    }

    /// What the page is of, as a file.
    func file(_ format: ReportFormat, ofEvents: Bool) -> String? {
        guard isServed else { return nil }
        return address(filter, [("format", format.rawValue)] + (ofEvents ? [("events", "true")] : []))
    }

    /// Of the whole month; nil where this is it.
    var month: String? { isServed && filter != .all ? address(.all, [("format", "html")]) : nil }

    private func joined(_ inner: ReportFilter) -> ReportFilter {
        ReportFilter(
            tenant: inner.tenant ?? filter.tenant, day: inner.day ?? filter.day,
            client: inner.client ?? filter.client, provider: inner.provider ?? filter.provider,
            environment: inner.environment ?? filter.environment, outcome: inner.outcome ?? filter.outcome)
    }

    /// Ids need no escaping in a query.
    private func address(_ filter: ReportFilter, _ more: [(String, String)]) -> String {
        let members: [(String, String?)] = [
            ("period", period.description), ("tenant", filter.tenant?.description), ("day", filter.day),
            ("client", filter.client?.text), ("provider", filter.provider?.text),
            ("environment", filter.environment?.rawValue), ("outcome", filter.outcome?.rawValue),
        ]
        let given = members.compactMap { name, value in value.map { (name, $0) } } + more
        return "?" + given.map { "\($0)=\($1)" }.joined(separator: "&amp;")
    }
}

/// What stands below every page's title: which days, how final, of what, and the way to the files.
struct PageHeader {
    let head: PeriodHead
    let links: PageLinks
    let isOfEvents: Bool
    /// What the page is of, in words; nil when of everything.
    let subject: String?

    init(_ head: PeriodHead, _ links: PageLinks, tenantName: String? = nil, isOfEvents: Bool = false) {
        self.head = head
        self.isOfEvents = isOfEvents
        self.links = links
        let filter = links.filter
        var parts: [String] = []
        if let tenant = filter.tenant {
            parts.append(tenantName.map { "\($0) (\(tenant))" } ?? "tenant \(tenant)")
        }
        if let day = filter.day { parts.append("day \(day)") }
        if let client = filter.client { parts.append("client \(client.text)") }
        if let provider = filter.provider { parts.append("provider \(provider.text)") }
        if let environment = filter.environment { parts.append("environment \(environment.rawValue)") }
        if let outcome = filter.outcome { parts.append("only when \(PageWords.reason(outcome.rawValue))") }
        subject = parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    var markup: String {
        var text = """
            <p class="soft">Days and months are those of \(PageWords.shown(head.zone)): from \
            \(head.startsAt) to \(head.endsAt), the end not included.</p>
            <div class="status\(head.closing == nil ? " draft" : "")"><p>\(PageWords.status(head))</p>
            """
        if let closing = head.closing {
            text += """
                <p>Closed at \(closing.at) by \(PageWords.shown(closing.by)). SHA-256 of the CSV file: \
                <code>\(PageWords.shown(closing.csvDigest))</code></p>
                """
        }
        text += "</div>"
        if let subject { text += "<p>Only: <bdi>\(PageWords.shown(subject))</bdi>.</p>" }
        let ways: [(address: String?, name: String)] = [
            (links.month, "The whole month"), (links.file(.csv, ofEvents: isOfEvents), "The rows as CSV"),
            (links.file(.json, ofEvents: isOfEvents), "as JSON"),
            (isOfEvents ? nil : links.events(), "Requests to providers"),
        ]
        let items = ways.compactMap { way in
            way.address.map { "<li><a href=\"\($0)\">\(way.name)</a></li>" }
        }
        if !items.isEmpty {
            text += "<nav aria-label=\"Report\"><ul class=\"ways\">\(items.joined())</ul></nav>"
        }
        return text
    }
}
