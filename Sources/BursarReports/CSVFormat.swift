// The CSV file of a report, schema 1. A closed period must come out the same for ever: never change it.
internal import BursarCore

/// RFC 4180: commas, CRLF, UTF-8 without a mark, an empty cell for what is not known.
enum CSVFormat {
    static let header = ReportColumns.names.joined(separator: ",") + "\r\n"

    static func bytes(_ rows: [UsageRow], head: PeriodHead) -> [UInt8] {
        let period: ReportColumns.Value = .text("\(head.period)")
        let zone: ReportColumns.Value = .text(head.zone)
        var lines = CSVLines(expected: rows.count * 192)
        for row in rows {
            lines.add(period)
            lines.add(zone)
            for value in ReportColumns.texts(row) { lines.add(value) }
            for column in ReportColumns.counts { lines.add(.count(column.of(row.counts))) }
            lines.endLine()
        }
        return lines.bytes
    }
}

/// Builds lines of cells as bytes.
struct CSVLines {
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    init(expected count: Int = 0) { bytes.reserveCapacity(count) }

    mutating func add(_ value: ReportColumns.Value) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        switch value {
        case .none: break
        case .count(let count): bytes += String(count).utf8
        case .text(let text):
            switch Self.plainness(text) {
            case .plain: bytes += text.utf8
            case .spaced:
                bytes.append(UInt8(ascii: "\""))
                bytes += text.utf8
                bytes.append(UInt8(ascii: "\""))
            case .other: bytes += Self.guarded(text).utf8
            }
        }
    }

    mutating func endLine() {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
        isFirst = true
    }

    /// What the bytes alone say of a text: whether `guarded` would leave it as it is, or only quote it. So
    /// are ids, days and most names, and looking up what Unicode says of each scalar takes most of an export.
    private enum Plainness { case plain, spaced, other }

    private static func plainness(_ text: String) -> Plainness {
        guard let first = text.utf8.first else { return .plain }
        guard isLetterOrDigit(first) else { return .other }
        var hasSpace = false
        for byte in text.utf8 where !isLetterOrDigit(byte) {
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "."),
                UInt8(ascii: ":"):
                continue
            case UInt8(ascii: " "): hasSpace = true
            default: return .other
            }
        }
        return hasSpace ? .spaced : .plain
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }

    /// A text that no spreadsheet takes for a formula and that never leaves its cell.
    static func guarded(_ raw: String) -> String {
        var cell = String.UnicodeScalarView()
        if isFormula(raw) { cell.append("'") }
        for scalar in raw.unicodeScalars {
            cell.append(scalar.properties.generalCategory == .control ? " " : scalar)
            if scalar == "\"" { cell.append(scalar) }
        }
        let needsQuotes = cell.contains { $0 == "," || $0 == "\"" || $0 == " " || $0 == ";" }
        return needsQuotes ? "\"\(String(cell))\"" : String(cell)
    }

    private static func isFormula(_ raw: String) -> Bool {
        if let first = raw.unicodeScalars.first, first == "\t" || first == "\r" { return true }
        let start = raw.unicodeScalars.first { scalar in
            !scalar.properties.isWhitespace && scalar != "\"" && scalar != "'"
                && scalar.properties.generalCategory != .control
                && scalar.properties.generalCategory != .format
        }
        guard let start else { return false }
        return "=+-@＝＋－＠".unicodeScalars.contains(start)
    }
}
