// The shape of a client's secret, checked before anything is hashed or looked up.

/// `brs_`, 32 of `[A-Za-z0-9]` (190 bits), and a checksum of 6: CRC-32 of what stands before it, in base 62.
/// The checksum refuses garbage and typing errors off line and lets secret scanners be sure of a find.
package enum ClientSecretFormat {
    package static let prefix = "brs_"
    package static let randomCount = 32
    package static let checksumCount = 6

    /// Builds a secret from `random`, of which each byte picks one of 62 characters; the caller draws bytes
    /// below 248 (4 × 62), so that every character is as likely as the next.
    package static func make(random: [UInt8]) -> Secret {
        let body = Array(prefix.utf8) + random.prefix(randomCount).map { alphabet[Int($0 % 62)] }
        return Secret(body + checksum(of: body))
    }

    /// Whether the bytes have the shape and the checksum fits.
    package static func isWellFormed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let bodyCount = prefix.utf8.count + randomCount
        guard bytes.count == bodyCount + checksumCount, hasPrefix(bytes, prefix),
            bytes[prefix.utf8.count...].allSatisfy(isBase62)
        else { return false }
        return isChecksum(bytes[bodyCount...], of: bytes[..<bodyCount])
    }

    /// A client id from random bytes, drawn as for `make`.
    package static func makeClientID(random: [UInt8]) -> ClientID {
        ClientID(random: random.prefix(ClientID.randomCount).map { alphabet[Int($0 % 62)] })
    }

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    private static func checksum(of bytes: [UInt8]) -> [UInt8] {
        var rest = bytes.withUnsafeBytes { crc32($0[...]) }
        var digits: [UInt8] = []
        for _ in 0..<checksumCount {
            digits.append(alphabet[Int(rest % 62)])
            rest /= 62
        }
        return digits.reversed()
    }

    private static func isChecksum(
        _ digits: Slice<UnsafeRawBufferPointer>, of bytes: Slice<UnsafeRawBufferPointer>
    ) -> Bool {
        var rest = crc32(bytes)
        for digit in digits.reversed() {
            guard digit == alphabet[Int(rest % 62)] else { return false }
            rest /= 62
        }
        return true
    }

    /// CRC-32 (IEEE 802.3), a byte a step.
    private static func crc32(_ bytes: Slice<UnsafeRawBufferPointer>) -> UInt32 {
        var remainder: UInt32 = .max
        for byte in bytes {
            remainder = remainder >> 8 ^ remainders[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)]
        }
        return ~remainder
    }

    private static let remainders: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0xedb8_8320 : rest >> 1 }
    }
}
