// Reads the one shape of JSON that callers send: an object whose members are strings.
internal import BursarCore

/// A reader of its own, because a general one answers neither whether a member stood there twice (then two
/// readers of the same statement could disagree about its customer) nor which member was no string; and
/// because without arrays and objects inside there is no depth to bound.
struct JSONMembers {
    enum Flaw: Error, Equatable {
        /// Not JSON, with the offset of the first byte that does not fit.
        case malformed(at: Int)
        case notText
        case notAnObject
        case tooMany
        case repeated(String)
        case notAString(String)
    }

    static let mostMembers = 32

    private(set) var members: [String: String] = [:]

    init(_ bytes: some Collection<UInt8>) throws(Flaw) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notText }
        var reader = JSONStringReader(bytes: Array(bytes))
        reader.skipSpace()
        guard reader.next == UInt8(ascii: "{") else {
            throw reader.next == nil ? .malformed(at: 0) : .notAnObject
        }
        reader.advance()
        try readMembers(&reader)
        reader.skipSpace()
        guard reader.next == nil else { throw .malformed(at: reader.offset) }
    }

    private mutating func readMembers(_ reader: inout JSONStringReader) throws(Flaw) {
        reader.skipSpace()
        if reader.take(UInt8(ascii: "}")) { return }
        while true {
            reader.skipSpace()
            let name = try string(&reader)
            reader.skipSpace()
            guard reader.take(UInt8(ascii: ":")) else { throw .malformed(at: reader.offset) }
            reader.skipSpace()
            guard reader.next == UInt8(ascii: "\"") else {
                throw reader.startsValue ? .notAString(name) : .malformed(at: reader.offset)
            }
            let value = try string(&reader)
            guard members.updateValue(value, forKey: name) == nil else { throw .repeated(name) }
            guard members.count <= JSONMembers.mostMembers else { throw .tooMany }
            reader.skipSpace()
            if reader.take(UInt8(ascii: "}")) { return }
            guard reader.take(UInt8(ascii: ",")) else { throw .malformed(at: reader.offset) }
        }
    }

    private func string(_ reader: inout JSONStringReader) throws(Flaw) -> String {
        guard let text = reader.string() else { throw .malformed(at: reader.offset) }
        return text
    }
}
