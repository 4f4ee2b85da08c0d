// A JSON value as it came: numbers keep their digits, members their order.

/// What a provider replied. `JSONDecoder` cannot be used: it takes the last of two equal members, so that two
/// readers of one reply could see two tokens, and it loses or refuses numbers such as 1e400 that the lifetime
/// rules must judge.
enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The digits exactly as sent.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])

    /// The member named `name`; nil when there is none, or this is no object.
    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { sameBytes($0.name, name) }?.value
    }

    /// A scalar as text, for comparing claims; nil for null, arrays and objects.
    var scalarText: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}

struct JSONMember: Sendable, Equatable {
    let name: String
    let value: JSONValue
}

/// Equality of bytes. `==` on strings is canonical equivalence, which takes the Kelvin sign for a K: not good
/// enough to tell one customer from another.
func sameBytes(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
}
