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
            isBase62(bytes[prefix.utf8.count...])
        else { return false }
        return isChecksum(bytes[bodyCount...], of: bytes[..<bodyCount])
    }

    /// A client id from random bytes, drawn as for `make`.
    package static func makeClientID(random: [UInt8]) -> ClientID {
        ClientID(random: random.prefix(ClientID.randomCount).map { alphabet[Int($0 % 62)] })
    }

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    private static func checksum(of bytes: [UInt8]) -> [UInt8] {
        var rest = bytes.withUnsafeBytes { crc32($0) }
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
        var rest = crc32(UnsafeRawBufferPointer(rebasing: bytes))
        for digit in digits.reversed() {
            guard digit == alphabet[Int(rest % 62)] else { return false }
            rest /= 62
        }
        return true
    }

    /// CRC-32 (IEEE 802.3), four bytes a step: each goes by a table of its own for what it becomes in the
    /// steps that follow it (M. Kounavis and F. Berry, "Novel Table Lookup-Based Algorithms for
    /// High-Performance CRC Generation", 2008), and none waits for the one before it.
    private static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        remainders.withUnsafeBufferPointer { remainders in
            var (remainder, place) = (UInt32.max, 0)
            while place + 4 <= bytes.count {
                let next = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
                let word = UInt32(littleEndian: next) ^ remainder
                remainder =
                    remainders[768 + Int(word & 0xff)] ^ remainders[512 + Int(word >> 8 & 0xff)]
                    ^ remainders[256 + Int(word >> 16 & 0xff)] ^ remainders[Int(word >> 24)]
                place += 4
            }
            while place < bytes.count {
                remainder =
                    remainder >> 8 ^ remainders[Int(UInt8(truncatingIfNeeded: remainder) ^ bytes[place])]
                place += 1
            }
            return ~remainder
        }
    }

    /// What each byte leaves behind, then the same with one, two and three zeros after it.
    private static let remainders: [UInt32] = {
        var tables: [UInt32] = (0..<256).map { remainder(of: $0) }
        for place in 256..<1_024 {
            let before = tables[place - 256]
            tables.append(before >> 8 ^ tables[Int(before & 0xff)])
        }
        return tables
    }()

    private static func remainder(of byte: UInt32) -> UInt32 {
        (0..<8).reduce(byte) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0xedb8_8320 : rest >> 1 }
    }
}
