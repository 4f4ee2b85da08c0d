// A 128-bit identifier that reads and prints as RFC 9562 text, and makes version 7 ids from time and
// randomness.

/// A UUID as two words. Core has no Foundation, and ids are compared on the hit path.
package struct UUIDValue: Hashable, Sendable, Comparable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then randomness, so that ids sort by age.
    package static func version7(at instant: Instant, random: (UInt64, UInt64)) -> UUIDValue {
        let milliseconds = UInt64(max(0, instant.microseconds / 1_000))
        return UUIDValue(
            high: milliseconds << 16 | 0x7000 | random.0 & 0x0fff,
            low: 0x8000_0000_0000_0000 | random.1 & 0x3fff_ffff_ffff_ffff)
    }

    /// One word is enough to spread them; equality looks at both.
    package func hash(into hasher: inout Hasher) { hasher.combine(high &* 0x9e37_79b9_7f4a_7c15 ^ low) }

    /// A number of which every bit hangs on all of both words: both halves of their product, where ids may
    /// differ in a counter's bits only.
    package var spread: UInt64 {
        let product = (high ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: low ^ 0xc2b2_ae3d_27d4_eb4f)
        return product.high ^ product.low
    }

    package static func < (left: UUIDValue, right: UUIDValue) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// The sixteen bytes in network order.
    package var bytes: [UInt8] {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }
}

extension UUIDValue: LosslessStringConvertible {
    /// Takes exactly the 36-character form `8-4-4-4-12` in either case; anything else is nil.
    package init?(_ text: String) {
        guard let value = text.withBytes({ UUIDValue($0) }) else { return nil }
        self = value
    }

    package init?(_ text: UnsafeRawBufferPointer) {
        guard text.count == 36, text[8] == UInt8(ascii: "-"), text[13] == UInt8(ascii: "-"),
            text[18] == UInt8(ascii: "-"), text[23] == UInt8(ascii: "-")
        else { return nil }
        func four(at place: Int) -> UInt64 {
            UInt64(UInt32(littleEndian: text.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
        }
        func number(_ first: Int, _ second: Int) -> UInt64? {
            hexadecimalNumber(four(at: first) | four(at: second) << 32).map { UInt64($0) }
        }
        guard let first = number(0, 4), let second = number(9, 14), let third = number(19, 24),
            let fourth = number(28, 32)
        else { return nil }
        self.init(high: first << 32 | second, low: third << 32 | fourth)
    }

    /// Lower case, as RFC 9562 §4 asks of output.
    package var description: String {
        String(unsafeUninitializedCapacity: 36) { text in
            var next = 0
            for digit in 0..<32 {
                if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                    text[next] = UInt8(ascii: "-")
                    next += 1
                }
                let word = digit < 16 ? high : low
                text[next] = hexDigit(UInt8(truncatingIfNeeded: word >> (60 - 4 * (digit % 16))))
                next += 1
            }
            return next
        }
    }
}
