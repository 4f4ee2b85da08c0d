// application/x-www-form-urlencoded, in bodies, in queries and inside Basic credentials.
internal import BursarCore

enum FormText {
    /// The bytes behind `text`; nil when a `%` is not followed by two hexadecimal digits.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(hexDigitValue),
                    let low = rest.next().flatMap(hexDigitValue)
                else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return bytes
    }
}

/// The members of one form or query. Strict, because two readers that disagree about a request are how
/// checks are got around: no member twice, nothing undecodable, UTF-8 throughout (RFC 6749 §3.2 and
/// appendix B).
struct FormMembers {
    enum Flaw: Error, Equatable {
        case escape, notText
        case tooMany
        case repeated(String)
    }

    private struct Member {
        let name: String
        let value: [UInt8]

        /// The lengths tell most names apart, and two texts are slow to differ.
        func isNamed(_ other: String) -> Bool { name.utf8.count == other.utf8.count && name == other }
    }

    /// Comparing each with each is quick up to here, and nobody needs more.
    static let mostMembers = 64

    private var members: [Member] = []

    /// What most OAuth clients send, and nothing more.
    static let clientCredentials = FormMembers(
        members: [Member(name: "grant_type", value: Array("client_credentials".utf8))])

    init() {}

    private init(members: [Member]) { self.members = members }

    init(_ text: some Collection<UInt8>) throws(Flaw) {
        guard !text.isEmpty else { return }
        let isBare = text.withContiguousStorageIfAvailable {
            isSame(UnsafeRawBufferPointer($0), "grant_type=client_credentials")
        }
        if isBare == true {
            self = .clientCredentials
            return
        }
        for pair in text.split(separator: UInt8(ascii: "&")) {
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let name = try FormMembers.text(pair[..<end])
            let value = end == pair.endIndex ? [] : try FormMembers.text(pair[pair.index(after: end)...])
            try add(String(decoding: name, as: UTF8.self), value)
        }
    }

    private mutating func add(_ name: String, _ value: [UInt8]) throws(Flaw) {
        guard members.count < FormMembers.mostMembers else { throw .tooMany }
        guard !members.contains(where: { $0.isNamed(name) }) else { throw .repeated(name) }
        members.append(Member(name: name, value: value))
    }

    private static func text(_ encoded: some Collection<UInt8>) throws(Flaw) -> [UInt8] {
        guard let bytes = FormText.decode(encoded) else { throw .escape }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notText }
        return bytes
    }

    /// The bytes of a member; nil when it is absent or empty, which are the same (RFC 6749 §3.2).
    func bytes(_ name: String) -> [UInt8]? {
        guard let member = members.first(where: { $0.isNamed(name) }), !member.value.isEmpty else {
            return nil
        }
        return member.value
    }

    func text(_ name: String) -> String? { bytes(name).map { String(decoding: $0, as: UTF8.self) } }

    /// The same for what must not be seen.
    func secret(_ name: String) -> Secret? { bytes(name).map(Secret.init) }

    var isEmpty: Bool { members.isEmpty }

    /// Whether it says nothing but which grant is meant.
    var isBare: Bool { members.isEmpty || members.count == 1 && members[0].isNamed("grant_type") }

    var allNames: [String] { members.map(\.name) }

    /// Whether the member is named at all, with or without a value.
    func names(_ name: String) -> Bool { members.contains { $0.isNamed(name) } }
}
