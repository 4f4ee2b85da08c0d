// application/x-www-form-urlencoded, byte by byte: a secret with `+ & % = :` or an é must arrive intact
// (PROVIDERS Z3).
import BursarCore

enum FormEncoding {
    /// `name=value&…`, in order.
    static func body(_ members: [RequestMember]) -> [UInt8] {
        var body: [UInt8] = []
        for member in members {
            if !body.isEmpty { body.append(UInt8(ascii: "&")) }
            body += encode(Array(member.name.utf8)) + [UInt8(ascii: "=")] + encode(member.value)
        }
        return body
    }

    /// The WHATWG serializer, which RFC 6749 appendix B asks for: letters, digits and `*-._` stay, a space is
    /// `+`, every other byte is `%XX`.
    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var encoded: [UInt8] = []
        for byte in bytes {
            if isBase62(byte) || "*-._".utf8.contains(byte) {
                encoded.append(byte)
            } else if byte == UInt8(ascii: " ") {
                encoded.append(UInt8(ascii: "+"))
            } else {
                encoded += Array("%\(hexText([byte]).uppercased())".utf8)
            }
        }
        return encoded
    }
}
