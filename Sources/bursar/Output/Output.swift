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
            write(String(decoding: try encoder.encode(value), as: UTF8.self), to: .standardOutput)
        } else {
            write(text(), to: .standardOutput)
        }
    }

    /// For people while something goes on; never part of a result.
    static func say(_ message: String) { write(message, to: .standardError) }

    private func write(_ text: String, to stream: FileHandle) { Output.write(text, to: stream) }

    private static func write(_ text: String, to stream: FileHandle) {
        stream.write(Data((text + "\n").utf8))
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
