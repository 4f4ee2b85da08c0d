// Reads an application/x-www-form-urlencoded body strictly: every slip of an encoder is refused.

/// The members of a form body, each at most once; a member without a value counts as absent (RFC 6749 §3.2).
struct FormBody: Sendable {
    private var values: [String: String] = [:]
    private(set) var names: [String] = []

    /// More members than any token request has.
    private static let mostMembers = 64

    init(_ bytes: [UInt8]) throws(Refusal) {
        guard !bytes.isEmpty else { return }
        let pairs = bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        guard pairs.count <= Self.mostMembers else { throw Refusal(.invalidRequest, "too many form members") }
        for pair in pairs {
            try add(pair)
        }
    }

    subscript(name: String) -> String? {
        values[name]
    }

    private mutating func add(_ pair: ArraySlice<UInt8>) throws(Refusal) {
        let halves = pair.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
        guard halves.count == 2 else {
            throw Refusal(.invalidRequest, "a form member is not name=value with '=' encoded inside")
        }
        let name = try Self.decoded(halves[0])
        let value = try Self.decoded(halves[1])
        guard !name.isEmpty else { throw Refusal(.invalidRequest, "a form member has no name") }
        guard !names.contains(name) else { throw Refusal(.invalidRequest, "a form member stands twice") }
        names.append(name)
        if !value.isEmpty {
            values[name] = value
        }
    }

    /// `+` is a space, `%xx` a byte; the whole must be UTF-8, and what needs encoding must be encoded.
    private static func decoded(_ encoded: ArraySlice<UInt8>) throws(Refusal) -> String {
        var bytes: [UInt8] = []
        var rest = encoded
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = hexDigit(rest.popFirst()), let low = hexDigit(rest.popFirst()) else {
                    throw Refusal(.invalidRequest, "'%' without two hexadecimal digits in the form body")
                }
                bytes.append(high << 4 | low)
            case 0x21...0x7E: bytes.append(byte)
            default: throw Refusal(.invalidRequest, "an unencoded byte in the form body")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Refusal(.invalidRequest, "the form body is not UTF-8")
        }
        return text
    }

    private static func hexDigit(_ byte: UInt8?) -> UInt8? {
        guard let byte, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
        return UInt8(digit)
    }
}
