// Prints the audit trail batch by batch, as it may be longer than memory.
import BursarCore
import Foundation
import Synchronization

/// One line a row, or one JSON list of all.
final class AuditPrinter: Sendable {
    private let json: Bool
    private let count = Mutex(0)

    init(json: Bool) { self.json = json }

    private struct Shown: Encodable {
        let at: String
        let businessUUID: String?
        let seq: Int64?
        let eventID: String
        let actor: String
        let action: String
        let subject: String
        let detail: [String: String]

        init(_ row: AuditRow) {
            at = row.at.description
            businessUUID = row.chain == AuditChain.platform ? nil : row.chain.description
            seq = row.sequence
            eventID = row.event.description
            actor = row.actor
            action = row.action
            subject = row.subject
            detail = row.detail ?? [:]
        }
    }

    func print(_ rows: [AuditRow]) throws {
        let before = count.withLock { count in
            defer { count += rows.count }
            return count
        }
        if json {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let items = try rows.map { String(decoding: try encoder.encode(Shown($0)), as: UTF8.self) }
            let begin = before == 0 ? "[\n" : ",\n"
            try Output.write(Array((begin + items.joined(separator: ",\n")).utf8))
        } else {
            try Output.write(Array(rows.map { Self.line($0) + "\n" }.joined().utf8))
        }
    }

    func end() throws {
        let count = count.withLock { $0 }
        if json {
            try Output.write(Array((count == 0 ? "[]\n" : "\n]\n").utf8))
        } else if count == 0 {
            try Output.write(Array("There is no such row in the audit trail.\n".utf8))
        }
    }

    private static func line(_ row: AuditRow) -> String {
        let detail = (row.detail ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let fields =
            [
                row.at.description, row.chain == AuditChain.platform ? "platform" : row.chain.description,
                row.sequence.map { "#\($0)" } ?? "unchained", row.actor, row.action, row.subject,
            ] + detail
        return fields.map(plain).joined(separator: "  ")
    }

    /// A terminal takes control characters for orders, and a name may hold some.
    private static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
