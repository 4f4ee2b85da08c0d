// Where in a reply something stands (RFC 6901).

/// A JSON pointer that names something inside the document: `/data/token`, never the whole.
struct JSONPointer: Sendable, Equatable {
    private let tokens: [String]

    /// Nil unless `text` begins with `/` and every `~` is followed by 0 or 1.
    init?(_ text: String) {
        guard text.hasPrefix("/") else { return nil }
        var tokens: [String] = []
        for raw in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let pieces = raw.split(separator: "~", omittingEmptySubsequences: false)
            var token = String(pieces[0])
            for piece in pieces.dropFirst() {
                switch piece.first {
                case "0": token += "~" + piece.dropFirst()
                case "1": token += "/" + piece.dropFirst()
                case .some, .none: return nil
                }
            }
            tokens.append(token)
        }
        self.tokens = tokens
    }

    /// What stands there; nil when nothing does.
    func value(in document: JSONValue) -> JSONValue? {
        var value = document
        for token in tokens {
            switch value {
            case .object:
                guard let member = value[token] else { return nil }
                value = member
            case .array(let elements):
                // RFC 6901 §4: no sign, no leading zero.
                guard let index = Int(token), sameBytes(String(index), token),
                    elements.indices.contains(index)
                else { return nil }
                value = elements[index]
            case .null, .bool, .number, .string: return nil
            }
        }
        return value
    }
}
