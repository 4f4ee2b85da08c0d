// Base64 as Basic credentials use it (RFC 4648 §4), read without Foundation.

enum Base64 {
    /// Bytes that `decode` needs for a text.
    static func room(for text: UnsafeRawBufferPointer) -> Int { text.count / 4 * 3 + 3 }

    /// How many bytes there are; nil for anything but the standard alphabet. Padding may be missing, since
    /// some clients leave it out, but must not be wrong.
    static func decode(
        _ text: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer
    ) -> Int? {
        var end = 0
        var bits: UInt32 = 0
        var count = 0
        var padding = 0
        for character in text {
            if character == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let value = value(of: character) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 1
            if count % 4 != 1 {
                bytes[end] = UInt8(truncatingIfNeeded: bits >> (6 - UInt32(count - 1) % 4 * 2))
                end += 1
            }
        }
        // One character over holds six bits, which is no byte; padding fills up to four or is absent.
        guard count % 4 != 1, padding == 0 || (count + padding) % 4 == 0 && padding < 3 else { return nil }
        return end
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
