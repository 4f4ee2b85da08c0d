// Writes an answer where it is sent from.
internal import BursarCore

/// Appends to memory that is there already, and stops the program rather than write beyond it. For answers
/// that every request gets: nothing is made on the way, and words are written where a loop would write bytes.
struct BytesWriter {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ memory: UnsafeMutableRawBufferPointer) { self.memory = memory }

    /// The next `count` bytes, which the caller fills.
    @inline(__always)
    private mutating func take(_ count: Int) -> UnsafeMutableRawPointer {
        guard count <= memory.count - self.count, let start = memory.baseAddress else {
            preconditionFailure("an answer is longer than was said")
        }
        defer { self.count += count }
        return start + self.count
    }

    /// A writer of the last bytes that there is memory for. What it writes is to be put elsewhere before this
    /// one gets there.
    func atTheEnd(_ count: Int) -> BytesWriter {
        BytesWriter(UnsafeMutableRawBufferPointer(rebasing: memory[(memory.count - count)...]))
    }

    var written: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    @inline(__always)
    mutating func put(_ text: StaticString) {
        take(text.utf8CodeUnitCount).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    }

    mutating func put(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        take(bytes.count).copyMemory(from: start, byteCount: bytes.count)
    }

    mutating func put(_ bytes: [UInt8]) { bytes.withUnsafeBytes { put($0) } }

    /// By a name of its own: a literal would rather be a `String`, and cost more than what it says.
    mutating func put(text: String) { text.withBytes { put($0) } }

    // MARK: Numbers

    mutating func put(decimal number: Int64) {
        if number < 0 { put("-") }
        put(decimal: number.magnitude)
    }

    private mutating func put(decimal number: UInt64) {
        guard number >= 100_000_000 else {
            let digits = DecimalDigits.eight(of: UInt32(number))
            return put(digits, dropping: min(DecimalDigits.leadingZeros(digits), 7))
        }
        let (high, low) = number.quotientAndRemainder(dividingBy: 100_000_000)
        put(decimal: high)
        put(DecimalDigits.eight(of: UInt32(low)), dropping: 0)
    }

    /// Digits as `DecimalDigits` has them, without the first ones. Takes room for eight, gives back what it
    /// does not need, and so makes one store instead of a call.
    private mutating func put(_ digits: UInt64, dropping zeros: Int) {
        let text = (digits | 0x3030_3030_3030_3030) >> UInt64(8 * zeros)
        take(8).storeBytes(of: text.littleEndian, as: UInt64.self)
        count -= zeros
    }

    /// Sixteen hexadecimal digits.
    mutating func put(hexadecimal word: UInt64) {
        let place = take(16)
        place.storeBytes(of: hexadecimalDigits(word >> 32), as: UInt64.self)
        place.storeBytes(of: hexadecimalDigits(word & 0xffff_ffff), toByteOffset: 8, as: UInt64.self)
    }

    /// The 36 characters of RFC 9562, in lower case.
    mutating func put(_ uuid: UUIDValue) {
        let place = take(36)
        let dash = UInt8(ascii: "-")
        let (second, third) = halves(hexadecimalDigits(uuid.high & 0xffff_ffff))
        let (fourth, fifth) = halves(hexadecimalDigits(uuid.low >> 32))
        place.storeBytes(of: hexadecimalDigits(uuid.high >> 32), as: UInt64.self)
        place.storeBytes(of: dash, toByteOffset: 8, as: UInt8.self)
        place.storeBytes(of: second, toByteOffset: 9, as: UInt32.self)
        place.storeBytes(of: dash, toByteOffset: 13, as: UInt8.self)
        place.storeBytes(of: third, toByteOffset: 14, as: UInt32.self)
        place.storeBytes(of: dash, toByteOffset: 18, as: UInt8.self)
        place.storeBytes(of: fourth, toByteOffset: 19, as: UInt32.self)
        place.storeBytes(of: dash, toByteOffset: 23, as: UInt8.self)
        place.storeBytes(of: fifth, toByteOffset: 24, as: UInt32.self)
        place.storeBytes(
            of: hexadecimalDigits(uuid.low & 0xffff_ffff), toByteOffset: 28, as: UInt64.self)
    }

    // MARK: Times

    /// RFC 3339 in UTC with whole seconds, as an `Instant` prints.
    mutating func put(_ instant: Instant) {
        let (seconds, date) = (instant.seconds, instant.date)
        guard seconds >= 0, date.year <= 9_999 else { return put(text: instant.description) }
        let time = seconds % 86_400
        let day = DecimalDigits.text(of: date.year * 10_000 + date.month * 100 + date.day)
        let clock = DecimalDigits.text(of: time / 3_600 * 10_000 + time / 60 % 60 * 100 + time % 60)
        let place = take(20)
        place.storeBytes(of: UInt32(truncatingIfNeeded: day).littleEndian, as: UInt32.self)
        put(UInt8(ascii: "-"), day >> 32, at: place + 4)
        put(UInt8(ascii: "-"), day >> 48, at: place + 7)
        put(UInt8(ascii: "T"), clock >> 16, at: place + 10)
        put(UInt8(ascii: ":"), clock >> 32, at: place + 13)
        put(UInt8(ascii: ":"), clock >> 48, at: place + 16)
        place.storeBytes(of: UInt8(ascii: "Z"), toByteOffset: 19, as: UInt8.self)
    }

    /// A mark, and the two digits that `digits` begin with.
    @inline(__always)
    private func put(_ mark: UInt8, _ digits: UInt64, at place: UnsafeMutableRawPointer) {
        place.storeBytes(of: mark, as: UInt8.self)
        place.storeBytes(
            of: UInt16(truncatingIfNeeded: digits).littleEndian, toByteOffset: 1, as: UInt16.self)
    }
}

/// Eight decimal digits in a word, the first in its lowest byte.
private enum DecimalDigits {
    /// Of a number below 100,000,000. It is split into fours, twos and ones, all at once within the word: a
    /// division by 100 or 10 is a multiplication and a shift.
    static func eight(of number: UInt32) -> UInt64 {
        let (high, low) = number.quotientAndRemainder(dividingBy: 10_000)
        let fours = UInt64(high) | UInt64(low) << 32
        let hundreds = (fours &* 10_486) >> 20 & 0x7f_0000_007f
        let twos = hundreds | (fours &- hundreds &* 100) << 16
        let tens = (twos &* 103) >> 10 & 0x000f_000f_000f_000f
        return tens | (twos &- tens &* 10) << 8
    }

    /// The same as characters.
    static func text(of number: Int64) -> UInt64 { eight(of: UInt32(number)) | 0x3030_3030_3030_3030 }

    /// How many of them are nothing but filling; eight for zero.
    static func leadingZeros(_ digits: UInt64) -> Int { digits.trailingZeroBitCount / 8 }
}

/// The eight digits of 32 bits, as they are stored. Each four bits are moved into a byte of their own.
private func hexadecimalDigits(_ word: UInt64) -> UInt64 {
    var nibbles = (word | word << 16) & 0x0000_ffff_0000_ffff
    nibbles = (nibbles | nibbles << 8) & 0x00ff_00ff_00ff_00ff
    nibbles = (nibbles | nibbles << 4) & 0x0f0f_0f0f_0f0f_0f0f
    let letters = (nibbles + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return (nibbles + 0x3030_3030_3030_3030 + letters * 0x27).bigEndian
}

/// Four digits and four, as they are stored.
private func halves(_ digits: UInt64) -> (UInt32, UInt32) {
    let text = UInt64(bigEndian: digits)
    return (
        UInt32(truncatingIfNeeded: text >> 32).bigEndian, UInt32(truncatingIfNeeded: text).bigEndian
    )
}
