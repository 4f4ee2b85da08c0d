// Which header fields may be sent with what in them.
import BursarCore

enum HeaderRules {
    /// Fields that frame the message, or that the authentication and body format settle.
    private static let ours: Set<String> = [
        "authorization", "connection", "content-length", "content-type", "expect", "host", "keep-alive",
        "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    /// A field name (RFC 9110 §5.6.2) that a profile may set.
    static func isSettable(_ name: String) -> Bool {
        let isToken =
            !name.isEmpty && name.utf8.allSatisfy { isBase62($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
        return isToken && !ours.contains(name.lowercased())
    }

    /// Visible ASCII and inner spaces: no CR, LF or NUL, with which a value could become another header.
    static func isValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20...0x7e).contains($0) } && text.first != " " && text.last != " "
    }
}

/// RFC 6749 appendix A, NQCHAR: printable ASCII without space, quote and backslash. What a token is made of.
func isTokenCharacter(_ byte: UInt8) -> Bool {
    (0x21...0x7e).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
}
