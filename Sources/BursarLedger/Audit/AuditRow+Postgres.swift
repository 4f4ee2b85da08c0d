// Rows of the audit trail as columns.
internal import BursarCore
private import Foundation
internal import Postgres

extension AuditRow {
    /// For `init(row:)`.
    static let columns = "tenant_id, event_id, at, actor, action, subject, detail, seq, previous, mac"

    init(row: PostgresRow) throws {
        self.init(
            chain: try row.decode("tenant_id"), event: try row.decode("event_id"), at: try row.decode("at"),
            actor: try row.decode("actor"), action: try row.decode("action"),
            subject: try row.decode("subject"),
            detail: Self.detail(try row.decode("detail", as: PostgresJSON.self)),
            sequence: try row.decode("seq"),
            previous: try row.decode("previous", as: [UInt8]?.self) ?? [],
            mac: try row.decode("mac", as: [UInt8]?.self) ?? [])
    }

    private static func detail(_ json: PostgresJSON) -> [String: String]? {
        try? JSONDecoder().decode([String: String].self, from: Data(json.text.utf8))
    }

    func detailJSON() throws -> PostgresJSON {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return PostgresJSON(String(decoding: try encoder.encode(detail ?? [:]), as: UTF8.self))
    }
}

extension AuditHead {
    /// From the columns `head_seq` and `head_mac`; nil where they are NULL.
    init?(head row: PostgresRow) throws {
        guard let sequence = try row.decode("head_seq", as: Int64?.self) else { return nil }
        self.init(sequence: sequence, mac: try row.decode("head_mac"))
    }
}
