// What a body says it is.
internal import BursarCore

enum MediaType {
    static let form = "application/x-www-form-urlencoded"
    static let json = "application/json"

    /// Whether `field` names `wanted`. Parameters such as `;charset=UTF-8`, which common clients send, change
    /// nothing: both formats are UTF-8 by definition, and what is not is refused when it is read.
    static func matches(_ field: String, _ wanted: String) -> Bool {
        field.withBytes { text in
            var type = text[..<(place(of: UInt8(ascii: ";"), in: text) ?? text.count)]
            while type.last == UInt8(ascii: " ") || type.last == UInt8(ascii: "\t") { type.removeLast() }
            return wanted.withBytes { isWord(UnsafeRawBufferPointer(rebasing: type), $0) }
        }
    }
}
