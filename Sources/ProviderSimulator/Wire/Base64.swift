// Base64, the ordinary kind read strictly and the URL kind written.

/// Base64 by RFC 4648.
enum Base64 {
    private static let standard = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlSafe = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let values: [UInt8: UInt32] = Dictionary(
        uniqueKeysWithValues: zip(standard, 0..<64))

    /// Nil unless padded, without white space, and with all unused bits zero.
    static func decoded(_ text: String) -> [UInt8]? {
        let encoded = Array(text.utf8)
        guard encoded.count % 4 == 0 else { return nil }
        let padding = encoded.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var held = 0
        for character in encoded.dropLast(padding) {
            guard let value = values[character] else { return nil }
            bits = bits << 6 | value
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
                bits &= (1 << UInt32(held)) - 1
            }
        }
        return bits == 0 ? bytes : nil
    }

    /// Without padding, as JWTs and JWKs have it (RFC 7515 §2).
    static func urlEncoded(_ bytes: some Sequence<UInt8>) -> String {
        var result: [UInt8] = []
        var bits: UInt32 = 0
        var held = 0
        for byte in bytes {
            bits = (bits << 8 | UInt32(byte)) & 0xFFFF
            held += 8
            while held >= 6 {
                held -= 6
                result.append(urlSafe[Int(bits >> UInt32(held) & 0x3F)])
            }
        }
        if held > 0 {
            result.append(urlSafe[Int(bits << UInt32(6 - held) & 0x3F)])
        }
        return String(decoding: result, as: UTF8.self)
    }
}
