// Comma-separated values as RFC 4180 writes them.

struct CSVRows {
    struct Row {
        let line: Int
        let cells: [String]
    }

    /// Quoted cells may hold commas, line ends and doubled quotes. Blank lines are passed over.
    static func parse(_ text: String, name: String) throws -> [Row] {
        var rows: [Row] = []
        var cells: [String] = []
        var cell = ""
        var isQuoted = false
        var wasQuoted = false
        var line = 1
        var start = 1
        func endCell() {
            cells.append(cell)
            cell = ""
            wasQuoted = false
        }
        func endRow() {
            endCell()
            if cells != [""] { rows.append(Row(line: start, cells: cells)) }
            cells = []
            start = line + 1
        }
        var rest = Substring(text.replacing("\r\n", with: "\n"))
        while let character = rest.popFirst() {
            if isQuoted {
                if character == "\"", rest.first == "\"" {
                    cell.append(rest.removeFirst())
                } else if character == "\"" {
                    isQuoted = false
                } else {
                    if character == "\n" { line += 1 }
                    cell.append(character)
                }
                continue
            }
            switch character {
            case "\"" where cell.isEmpty && !wasQuoted:
                isQuoted = true
                wasQuoted = true
            case ",": endCell()
            case "\n":
                endRow()
                line += 1
            default: cell.append(character)
            }
        }
        guard !isQuoted else {
            throw CommandFailure(.failed, "\(name):\(start): a quoted cell has no end")
        }
        if !cell.isEmpty || !cells.isEmpty || wasQuoted { endRow() }
        return rows
    }
}
