// Requests to providers, one by one, as rows of files.
internal import BursarCore

enum EventFormat {
    private static let names = [
        "at", "business_uuid", "provider", "environment", "credential_id", "cause", "step", "outcome",
        "fault", "http_status", "latency_ms", "lifetime_seconds",
    ]

    static let csvHeader = names.joined(separator: ",") + "\r\n"
    static let lineHeader = names.joined(separator: "  ") + "\n"

    static func jsonOpening(_ head: PeriodHead) -> String {
        "{" + JSONFormat.members(head) + ",\"events\":["
    }

    static func csv(_ events: [RefreshEvent]) -> [UInt8] {
        var lines = CSVLines()
        for event in events {
            for text in texts(event) { lines.add(ReportColumns.Value(text)) }
            for number in numbers(event) { lines.add(number.map { .count($0) } ?? .none) }
            lines.endLine()
        }
        return lines.bytes
    }

    static func json(_ event: RefreshEvent) -> String {
        let values =
            texts(event).map { $0.map(JSONFormat.text) ?? "null" }
            + numbers(event).map { $0.map { String($0) } ?? "null" }
        return JSONFormat.object(Array(zip(names, values)))
    }

    static func line(_ event: RefreshEvent) -> String {
        (texts(event) + numbers(event).map { $0.map { String($0) } }).map { $0 ?? "-" }
            .joined(separator: "  ") + "\n"
    }

    private static func texts(_ event: RefreshEvent) -> [String?] {
        [
            "\(event.at)", event.tenant.map { "\($0)" }, event.provider.text, event.environment.rawValue,
            "\(event.credential)", event.cause.rawValue, event.step.rawValue,
            event.failure?.rawValue ?? "ok", event.failure?.fault.rawValue,
        ]
    }

    private static func numbers(_ event: RefreshEvent) -> [Int64?] {
        [
            event.status.map { Int64($0) }, event.latency.microseconds / 1_000,
            event.lifetime.map { $0.components.seconds },
        ]
    }
}
