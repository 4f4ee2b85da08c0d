// What stands in the simulator's JWTs.

import JWTKit

/// The claims of a JWT, as JSON, so that a fault can put any value into any of them.
struct Claims: Sendable {
    var object: JSONObject
}

extension Claims {
    /// About 500 bytes and twice the client id: the JWT has the size of a real one (700 to 1,000 bytes).
    static func access(
        _ provider: Provider, _ client: ClientID, scope: String?, id: String, from: Moment, to: Moment
    ) -> Claims {
        let permissions = ["payments", "refunds", "customers", "invoices", "payouts", "disputes"]
            .flatMap { ["\($0):create", "\($0):read"] }
        return Claims(
            object: JSONObject([
                ("iss", .string("https://id.\(provider.rawValue).example/oauth2")),
                ("sub", .string(client.text)),
                ("aud", .array([.string("https://api.\(provider.rawValue).example/v1")])),
                ("client_id", .string(client.text)), ("iat", .integer(from.unixSeconds)),
                ("nbf", .integer(from.unixSeconds)), ("exp", .integer(to.unixSeconds)), ("jti", .string(id)),
                ("scope", .string(scope ?? "")), ("gty", .string("client-credentials")),
                ("permissions", .array(permissions.map { .string($0) })),
                ("environment", .string("simulated")), ("token_use", .string("access")),
            ]))
    }

    /// The claims that Alternative's document names, and `iat` and `jti`.
    static func scoped(
        _ client: ClientID, customer: String, invoice: String, id: String, from: Moment, to: Moment
    ) -> Claims {
        Claims(
            object: JSONObject([
                ("partner_id", .string("partner-\(client.text)")), ("client_id", .string(client.text)),
                ("customer_id", .string(customer)), ("invoice_id", .string(invoice)),
                ("iat", .integer(from.unixSeconds)), ("exp", .integer(to.unixSeconds)), ("jti", .string(id)),
            ]))
    }
}

extension Claims: JWTPayload {
    func verify(using algorithm: some JWTAlgorithm) {}

    func encode(to encoder: any Encoder) throws {
        try JSONValue.object(object).encode(to: encoder)
    }

    /// JWTKit wants payloads that can be read, but the simulator knows its tokens by their hash.
    init(from decoder: any Decoder) throws {
        throw DecodingError.dataCorrupted(
            .init(codingPath: decoder.codingPath, debugDescription: "Claims are written only"))
    }
}

extension JSONValue: Encodable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .object(let object):
            var container = encoder.container(keyedBy: Name.self)
            for member in object.members {
                try container.encode(member.value, forKey: Name(stringValue: member.name))
            }
        case .array(let values):
            var container = encoder.unkeyedContainer()
            for value in values { try container.encode(value) }
        case .null, .bool, .number, .string:
            var container = encoder.singleValueContainer()
            try encodeScalar(into: &container)
        }
    }

    private func encodeScalar(into container: inout any SingleValueEncodingContainer) throws {
        switch self {
        case .bool(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .number(let literal):
            if let integer = Int64(literal) {
                try container.encode(integer)
            } else {
                try container.encode(Double(literal))
            }
        case .null, .object, .array: try container.encodeNil()
        }
    }
}
