// Log lines: text for people, JSON for machines.
import Foundation
import Logging

enum LogFormat: String {
    case text, json

    func handler(label: String, level: Logger.Level) -> any LogHandler {
        switch self {
        case .text: LineLogHandler(label: label, logLevel: level, render: LogLine.text)
        case .json: LineLogHandler(label: label, logLevel: level, render: LogLine.json)
        }
    }
}

/// One event on its way out.
struct LogLine {
    let at: String
    let level: Logger.Level
    let label: String
    let message: String
    let metadata: [(key: String, value: String)]

    static func text(_ line: LogLine) -> String {
        let pairs = line.metadata.map { key, value in
            let plain = !value.isEmpty && value.allSatisfy { !$0.isWhitespace && $0 != "\"" && $0 != "=" }
            return " \(key)=\(plain ? value : quoted(value))"
        }
        let level = line.level.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
        return "\(line.at) \(level) \(escaped(line.message))\(pairs.joined())"
    }

    static func json(_ line: LogLine) -> String {
        var members = [
            ("timestamp", line.at), ("level", line.level.rawValue), ("logger", line.label),
            ("message", line.message),
        ]
        members += line.metadata.map { ($0.key, $0.value) }
        return "{" + members.map { "\(quoted($0.0)):\(quoted($0.1))" }.joined(separator: ",") + "}"
    }

    /// A JSON string: a line break in a value must not begin a line of its own.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\u{0}"..."\u{1f}", "\u{7f}": quoted += String(format: "\\u%04x", scalar.value)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.contains { $0.value < 0x20 } ? quoted(text) : text
    }
}

/// Writes each event as one line on stderr.
struct LineLogHandler: LogHandler {
    let label: String
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let render: @Sendable (LogLine) -> String

    init(label: String, logLevel: Logger.Level, render: @escaping @Sendable (LogLine) -> String) {
        self.label = label
        self.logLevel = logLevel
        self.render = render
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, event in event }
        let line = LogLine(
            at: Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
            level: event.level,
            label: label, message: "\(event.message)",
            metadata: all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") })
        try? FileHandle.standardError.write(contentsOf: Data((render(line) + "\n").utf8))
    }
}
