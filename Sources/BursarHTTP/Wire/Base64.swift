// Base64 as Basic credentials use it (RFC 4648 §4), read without Foundation.

enum Base64 {
    /// Bytes that `decode` needs for a text.
    static func room(for text: UnsafeRawBufferPointer) -> Int { text.count / 4 * 3 + 3 }

    /// How many bytes there are; nil for anything but the standard alphabet. Padding may be missing, since
    /// some clients leave it out, but must not be wrong.
    static func decode(
        _ text: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer
    ) -> Int? {
        var count = text.count
        while count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        // One character over holds six bits, which is no byte; padding fills up to four or is absent.
        guard count % 4 != 1, count == text.count || text.count % 4 == 0 else { return nil }
        return values.withUnsafeBytes { values in
            var (place, end, seen): (Int, Int, UInt8) = (0, 0, 0)
            /// The bits of so many characters.
            func take(_ characters: Int) -> UInt32 {
                var bits: UInt32 = 0
                for _ in 0..<characters {
                    let value = values[Int(text[place])]
                    seen |= value
                    bits = bits << 6 | UInt32(value & 0x3f)
                    place += 1
                }
                return bits
            }
            func put(_ bits: UInt32) {
                bytes[end] = UInt8(truncatingIfNeeded: bits)
                end += 1
            }
            while place + 4 <= count {
                let bits = take(4)
                put(bits >> 16)
                put(bits >> 8)
                put(bits)
            }
            let rest = count - place
            let bits = take(rest)
            for byte in 1..<max(rest, 1) { put(bits >> (6 * rest - 8 * byte)) }
            return seen & unknown == 0 ? end : nil
        }
    }

    /// What each byte stands for; `unknown` where it is not of the alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: unknown, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, character) in alphabet.utf8.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    private static let unknown: UInt8 = 0x80
}
