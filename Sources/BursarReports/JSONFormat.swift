// The JSON of a report: its head, its totals, then its rows one by one.
internal import BursarCore
internal import Synchronization

enum JSONFormat {
    static func opening(_ head: PeriodHead, totals: MeterCounts) -> String {
        let sums = ReportColumns.counts.map { "\(text($0.name)):\($0.of(totals))" }
        return "{" + members(head) + ",\"totals\":{" + sums.joined(separator: ",") + "},\"rows\":["
    }

    static func members(_ head: PeriodHead) -> String {
        let closing = head.closing.map { closing in
            object([
                ("at", text("\(closing.at)")), ("by", text(closing.by)),
                ("csv_sha256", text(closing.csvDigest)), ("manifest_sha256", text(closing.manifestDigest)),
            ])
        }
        let list = [
            ("period", text("\(head.period)")), ("zone", text(head.zone)),
            ("status", text(head.status.rawValue)), ("starts_at", text("\(head.startsAt)")),
            ("ends_at", text("\(head.endsAt)")), ("closing", closing ?? "null"),
        ]
        return String(object(list).dropFirst().dropLast())
    }

    static func row(_ row: UsageRow, head: PeriodHead) -> String {
        object(Array(zip(ReportColumns.names, ReportColumns.values(row, head: head).map(value))))
    }

    static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\(text($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }

    static func text(_ raw: String) -> String {
        var escaped = "\""
        for scalar in raw.unicodeScalars {
            switch scalar.value {
            case 0x22, 0x5C: escaped += "\\\(scalar)"
            case ..<0x20, 0x7F, 0x2028, 0x2029:
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped + "\""
    }

    private static func value(_ value: ReportColumns.Value) -> String {
        switch value {
        case .none: "null"
        case .count(let count): String(count)
        case .text(let text): JSONFormat.text(text)
        }
    }
}

/// Puts commas between the members of a list that comes in batches.
final class JSONList: Sendable {
    private let isEmpty = Mutex(true)

    func bytes(_ members: [String]) -> [UInt8] {
        guard !members.isEmpty else { return [] }
        let isFirst = isEmpty.withLock { empty in
            defer { empty = false }
            return empty
        }
        return Array(((isFirst ? "\n" : ",\n") + members.joined(separator: ",\n")).utf8)
    }
}
