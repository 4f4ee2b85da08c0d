// Results on stdout, messages on stderr.
import Foundation

/// Prints a command's result: JSON of a stable shape, or text for people.
struct Output {
    let json: Bool

    func print(_ value: some Encodable, text: () -> String) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try Output.write(Array(try encoder.encode(value)) + [UInt8(ascii: "\n")])
        } else {
            try Output.write(Array((text() + "\n").utf8))
        }
    }

    /// Writes to stdout.
    static func write(_ bytes: [UInt8]) throws(CommandFailure) {
        do {
            try FileHandle.standardOutput.write(contentsOf: bytes)
        } catch {
            throw CommandFailure(
                .failed,
                "the answer could not be written to stdout, closed or full; what was asked for was done"
            )
        }
    }

    /// For people while something goes on; never part of a result, so it may stay unsaid.
    static func say(_ message: String) {
        try? FileHandle.standardError.write(contentsOf: Data((message + "\n").utf8))
    }
}

/// Columns of text, as wide as their widest cell.
struct TextTable {
    let header: [String]
    let rows: [[String]]
    /// What stands there when there are no rows.
    let empty: String

    var text: String {
        guard !rows.isEmpty else { return empty }
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            zip(row, widths).map { $0.padding(toLength: max($1, 1), withPad: " ", startingAt: 0) }
                .joined(separator: "  ").trimmingSuffixSpaces()
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate func trimmingSuffixSpaces() -> String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
