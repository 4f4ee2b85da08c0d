// A JSON value that keeps numbers as written, so that a fault can send `300.0` or `1e400` unchanged.

/// Any JSON value. Numbers keep their literal; members keep their order.
enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// The literal exactly as it stands in the text.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    static func integer(_ value: some BinaryInteger) -> JSONValue {
        .number(String(value))
    }

    /// The value as text without white space.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let literal): literal
        case .string(let value): Self.quoted(value)
        case .array(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
        case .object(let object): object.text
        }
    }

    private static func quoted(_ value: String) -> String {
        var result = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case ..<" ":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// The members of a JSON object, in order; each name stands once.
struct JSONObject: Sendable {
    private(set) var members: [(name: String, value: JSONValue)] = []

    init(_ members: [(name: String, value: JSONValue)] = []) {
        self.members = members
    }

    /// Setting nil takes the member away; setting a new name puts it last.
    subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let index = members.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((name, value))
            case (nil, nil): break
            }
        }
    }

    var text: String {
        let parts = members.map { JSONValue.string($0.name).text + ":" + $0.value.text }
        return "{" + parts.joined(separator: ",") + "}"
    }
}
