// Hexadecimal text, for ids and digests.

/// The value of a hexadecimal digit in either case; nil for any other byte.
package func hexDigitValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

/// The number that eight digits in either case make; nil when one is none. Without a branch for each: whether
/// a random digit is a letter, no processor foresees.
/// - Parameter digits: as a load finds them, the first one lowest.
package func hexadecimalNumber(_ digits: UInt64) -> UInt32? {
    let highest: UInt64 = 0x8080_8080_8080_8080
    let lower = digits | 0x2020_2020_2020_2020
    // A byte's highest bit is set from the first of its kind on, and again from what follows the last.
    let isDigit = (digits &+ 0x5050_5050_5050_5050) & ~(digits &+ 0x4646_4646_4646_4646)
    let isLetter = (lower &+ 0x1f1f_1f1f_1f1f_1f1f) & ~(lower &+ 0x1919_1919_1919_1919) & highest
    guard digits & highest == 0, (isDigit | isLetter) & highest == highest else { return nil }
    var number = (digits & 0x0f0f_0f0f_0f0f_0f0f) &+ (isLetter >> 7) &* 9
    number = number.byteSwapped
    number = (number | number >> 4) & 0x00ff_00ff_00ff_00ff
    number = (number | number >> 8) & 0x0000_ffff_0000_ffff
    return UInt32(truncatingIfNeeded: number | number >> 16)
}

/// The digit of the lower four bits, in lower case.
package func hexDigit(_ value: UInt8) -> UInt8 {
    let nibble = value & 0x0f
    return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
}

/// Lower-case hexadecimal of `bytes`.
package func hexText(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
        text.append(hexDigit(byte >> 4))
        text.append(hexDigit(byte))
    }
    return String(decoding: text, as: UTF8.self)
}
