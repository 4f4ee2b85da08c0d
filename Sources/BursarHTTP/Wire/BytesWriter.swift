// Writes an answer where it is sent from.
internal import BursarCore

/// Appends to memory that is there already, and stops the program rather than write beyond it. For answers
/// that every request gets: nothing is made on the way.
struct BytesWriter {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ memory: UnsafeMutableRawBufferPointer) { self.memory = memory }

    /// The next `count` bytes, which the caller fills.
    private mutating func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
        let end = self.count + count
        precondition(end <= memory.count, "an answer is longer than was said")
        defer { self.count = end }
        return UnsafeMutableRawBufferPointer(rebasing: memory[self.count..<end])
    }

    mutating func put(_ text: StaticString) {
        take(text.utf8CodeUnitCount).copyMemory(
            from: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func put(_ bytes: UnsafeRawBufferPointer) { take(bytes.count).copyMemory(from: bytes) }
    mutating func put(_ bytes: [UInt8]) { bytes.withUnsafeBytes { put($0) } }

    mutating func put(_ text: String) {
        var text = text
        text.withUTF8 { put(UnsafeRawBufferPointer($0)) }
    }

    mutating func put(decimal number: Int64) {
        guard number >= 0 else {
            put("-")
            return put(decimal: number.magnitude)
        }
        put(decimal: number.magnitude)
    }

    private mutating func put(decimal number: UInt64) {
        var digits = 1
        var limit: UInt64 = 10
        while number >= limit, digits < 20 {
            digits += 1
            limit = digits < 20 ? limit * 10 : .max
        }
        let place = take(digits)
        var rest = number
        for index in stride(from: digits - 1, through: 0, by: -1) {
            place[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }

    /// With leading zeros, as dates and times have them.
    mutating func put(decimal number: Int64, width: Int) {
        let place = take(width)
        var rest = number
        for index in stride(from: width - 1, through: 0, by: -1) {
            place[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }

    /// Sixteen hexadecimal digits.
    mutating func put(hexadecimal word: UInt64) { put(hexadecimal: word, 0..<16) }

    /// The 36 characters of RFC 9562, in lower case.
    mutating func put(_ uuid: UUIDValue) {
        put(hexadecimal: uuid.high, 0..<8)
        put("-")
        put(hexadecimal: uuid.high, 8..<12)
        put("-")
        put(hexadecimal: uuid.high, 12..<16)
        put("-")
        put(hexadecimal: uuid.low, 0..<4)
        put("-")
        put(hexadecimal: uuid.low, 4..<16)
    }

    /// RFC 3339 in UTC with whole seconds, as an `Instant` prints.
    mutating func put(_ instant: Instant) {
        let (seconds, date) = (instant.seconds, instant.date)
        guard seconds >= 0, date.year <= 9_999 else { return put(instant.description) }
        put(decimal: date.year, width: 4)
        put("-")
        put(decimal: date.month, width: 2)
        put("-")
        put(decimal: date.day, width: 2)
        put("T")
        put(decimal: seconds / 3_600 % 24, width: 2)
        put(":")
        put(decimal: seconds / 60 % 60, width: 2)
        put(":")
        put(decimal: seconds % 60, width: 2)
        put("Z")
    }

    private mutating func put(hexadecimal word: UInt64, _ digits: Range<UInt64>) {
        let place = take(digits.count)
        for digit in digits {
            let nibble = UInt8(truncatingIfNeeded: word >> (60 - 4 * digit)) & 0xf
            place[Int(digit - digits.lowerBound)] = nibble + (nibble < 10 ? 0x30 : 0x57)
        }
    }
}
