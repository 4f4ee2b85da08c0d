// Requests to providers, one by one, in every format.
internal import BursarCore

enum EventFormat {
    private static let names = [
        "at", "business_uuid", "provider", "environment", "credential_id", "cause", "step", "outcome",
        "fault",
        "http_status", "latency_ms", "lifetime_seconds",
    ]

    static func opening(_ format: ReportFormat, _ head: PeriodHead) -> String {
        switch format {
        case .csv: CSVFormat.line(names)
        case .json: "{" + JSONFormat.members(head) + ",\"events\":["
        case .table: names.joined(separator: "  ") + "\n"
        case .html:
            Markup.opening("Requests to providers, \(head.period)", head.zone) + "<thead><tr>"
                + names.map { "<th scope=\"col\">\($0)</th>" }.joined() + "</tr></thead>\n<tbody>\n"
        }
    }

    static func closing(_ format: ReportFormat) -> String {
        switch format {
        case .csv, .table: ""
        case .json: "\n]}\n"
        case .html: Markup.closing
        }
    }

    static func csv(_ event: RefreshEvent) -> String {
        CSVFormat.line(texts(event).map { $0.map(CSVFormat.text) ?? "" } + numbers(event).map(shown))
    }

    static func json(_ event: RefreshEvent) -> String {
        let values =
            texts(event).map { $0.map(JSONFormat.text) ?? "null" }
            + numbers(event).map { $0.map { String($0) } ?? "null" }
        return JSONFormat.object(Array(zip(names, values)))
    }

    static func line(_ event: RefreshEvent) -> String {
        cells(event).map { $0.isEmpty ? "-" : $0 }.joined(separator: "  ") + "\n"
    }

    static func html(_ event: RefreshEvent) -> String {
        let cells = cells(event)
        return Markup.row(cells[0], Array(cells.dropFirst()))
    }

    private static func cells(_ event: RefreshEvent) -> [String] {
        texts(event).map { $0 ?? "" } + numbers(event).map(shown)
    }

    private static func shown(_ number: Int64?) -> String { number.map { String($0) } ?? "" }

    private static func texts(_ event: RefreshEvent) -> [String?] {
        [
            "\(event.at)", event.tenant.map { "\($0)" }, event.provider.text, event.environment.rawValue,
            "\(event.credential)", event.cause.rawValue, event.step.rawValue,
            event.failure?.rawValue ?? "success", event.failure?.fault.rawValue,
        ]
    }

    private static func numbers(_ event: RefreshEvent) -> [Int64?] {
        [
            event.status.map { Int64($0) }, event.latency.microseconds / 1_000,
            event.lifetime.map { $0.components.seconds },
        ]
    }
}
