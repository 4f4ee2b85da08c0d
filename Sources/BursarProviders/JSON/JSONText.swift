// Writes the flat JSON objects that requests are made of.
import BursarCore

/// A JSON object of string members, as bytes: values are secrets, and bytes can be wiped.
enum JSONText {
    static func object(_ members: [(name: String, value: [UInt8])]) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "{")]
        for (index, member) in members.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            append(member.name.utf8, to: &text)
            text.append(UInt8(ascii: ":"))
            append(member.value, to: &text)
        }
        text.append(UInt8(ascii: "}"))
        return text
    }

    /// `content` must be UTF-8; only what RFC 8259 §7 demands is escaped.
    private static func append(_ content: some Sequence<UInt8>, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for byte in content {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case ..<0x20, 0x7f: text += Array("\\u00\(hexText([byte]))".utf8)
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
