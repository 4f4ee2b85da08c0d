// The id of a request, in its answer and in log lines.

/// 64 bits that no other request of this process has.
package struct RequestID: Sendable, Hashable, CustomStringConvertible {
    package let number: UInt64

    package init(number: UInt64) { self.number = number }

    /// Sixteen hexadecimal digits.
    package var description: String {
        var digits = (0..<16).makeIterator()
        return String(unsafeUninitializedCapacity: 16) { text in
            while let index = digits.next() {
                let digit = UInt8(truncatingIfNeeded: number >> (60 - 4 * UInt64(index)) & 0xf)
                text[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
            }
            return 16
        }
    }
}
