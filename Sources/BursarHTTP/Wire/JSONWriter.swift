// Writes the JSON objects of our answers: flat, small, and without a copy of a secret as text.
internal import BursarCore

/// One object, member by member. Names are our own; values are escaped.
struct JSONWriter {
    private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]

    init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    mutating func member(_ name: StaticString, _ value: String) {
        begin(name)
        string(value)
    }

    mutating func member(_ name: StaticString, _ value: Int64) {
        begin(name)
        bytes.append(contentsOf: String(value).utf8)
    }

    mutating func member(_ name: StaticString, _ value: Bool) {
        begin(name)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    mutating func member(_ name: StaticString, _ values: [String]) {
        begin(name)
        bytes.append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            string(value)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    mutating func member(_ name: StaticString, _ value: Secret) {
        begin(name)
        bytes.append(UInt8(ascii: "\""))
        value.withBytes { escape($0) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The inside of a string.
    static func escaped(_ value: Secret) -> Secret {
        var writer = JSONWriter(capacity: value.count + 64)
        writer.bytes.removeAll(keepingCapacity: true)
        value.withBytes { writer.escape($0) }
        return Secret(writer.bytes)
    }

    /// The whole object; the writer is spent.
    consuming func finished() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private mutating func begin(_ name: StaticString) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func string(_ value: String) {
        bytes.append(UInt8(ascii: "\""))
        value.withBytes { escape($0) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// RFC 8259 §7: the quote, the backslash and the control characters, everything else as it is. Tokens
    /// hold none of them, and are copied as a whole.
    private mutating func escape(_ value: UnsafeRawBufferPointer) {
        guard value.contains(where: JSONWriter.needsEscape) else {
            bytes.append(contentsOf: value)
            return
        }
        for byte in value {
            guard JSONWriter.needsEscape(byte) else {
                bytes.append(byte)
                continue
            }
            bytes.append(UInt8(ascii: "\\"))
            if byte < 0x20 {
                bytes.append(contentsOf: "u00".utf8)
                bytes.append(contentsOf: hexText([byte]).utf8)
            } else {
                bytes.append(byte)
            }
        }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }
}
