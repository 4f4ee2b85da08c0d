// jsonb, held as text: who needs its structure parses it.

/// A JSON document as text. PostgreSQL refuses text that is no JSON, and jsonb re-orders keys.
package struct PostgresJSON: Sendable, Hashable {
    /// The document, not checked here.
    package var text: String

    package init(_ text: String) { self.text = text }
}

/// Reads jsonb and json; binds as jsonb.
extension PostgresJSON: PostgresCodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .jsonb }
    package static var postgresArrayType: PostgresType { .jsonbArray }

    /// The first byte is the version of jsonb's binary form; there is one.
    package func encode(into bytes: inout [UInt8]) {
        bytes.append(1)
        bytes.append(contentsOf: text.utf8)
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.bytes(as: .jsonb, .json)
        guard cell.type == .json || bytes.first == 1,
            let text = String(validating: cell.type == .json ? bytes : bytes.dropFirst(), as: UTF8.self)
        else { throw cell.failure(expected: "jsonb", found: "malformed \(cell.type)") }
        self.text = text
    }
}
