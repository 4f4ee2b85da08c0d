// What a body says it is.

enum MediaType {
    static let form = "application/x-www-form-urlencoded"
    static let json = "application/json"

    /// Whether `field` names `wanted`. Parameters such as `;charset=UTF-8`, which common clients send, change
    /// nothing: both formats are UTF-8 by definition, and what is not is refused when it is read.
    static func matches(_ field: String, _ wanted: String) -> Bool {
        let end = field.utf8.firstIndex(of: UInt8(ascii: ";")) ?? field.utf8.endIndex
        var type = field.utf8[..<end]
        while type.last == UInt8(ascii: " ") || type.last == UInt8(ascii: "\t") { type.removeLast() }
        return type.elementsEqual(wanted.utf8) { lowercased($0) == $1 }
    }
}

/// ASCII only: field names, schemes and media types know no other letters.
func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
