// The CSV file of a report, schema 1. A closed period must come out the same for ever: never change it.
internal import BursarCore

/// RFC 4180: commas, CRLF, UTF-8 without a mark, an empty cell for what is not known.
enum CSVFormat {
    static let header = line(ReportColumns.names)

    static func bytes(_ rows: [UsageRow], head: PeriodHead) -> [UInt8] {
        var bytes: [UInt8] = []
        for row in rows {
            bytes += line(ReportColumns.values(row, head: head).map(cell)).utf8
        }
        return bytes
    }

    static func line(_ cells: [String]) -> String { cells.joined(separator: ",") + "\r\n" }

    private static func cell(_ value: ReportColumns.Value) -> String {
        switch value {
        case .none: ""
        case .count(let count): String(count)
        case .text(let text): CSVFormat.text(text)
        }
    }

    /// A text that no spreadsheet takes for a formula and that never leaves its cell.
    static func text(_ raw: String) -> String {
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
