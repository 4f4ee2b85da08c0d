// numeric's binary form (numeric_send in numeric.c): digits to the base 10,000 around a point.

/// A numeric taken apart: its sign and its decimal digits on both sides of the point.
struct NumericParts {
    /// What the sign field can say; the three last have no digits.
    private enum Sign: UInt16 {
        case plus = 0x0000
        case minus = 0x4000
        case nan = 0xC000
        case infinity = 0xD000
        case minusInfinity = 0xF000
    }

    private static let named: [(String, Sign)] = [
        ("NaN", .nan), ("Infinity", .infinity), ("-Infinity", .minusInfinity),
    ]
    private var sign: Sign
    /// ASCII digits without leading zeros; empty for zero.
    private var whole: [UInt8] = []
    /// ASCII digits as many as the scale says.
    private var fraction: [UInt8] = []

    init?(_ text: String) {
        if let named = Self.named.first(where: { $0.0 == text }) {
            sign = named.1
            return
        }
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let parts = text.utf8.dropFirst(isNegative ? 1 : 0)
            .split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        whole = Array(parts[0].drop { $0 == UInt8(ascii: "0") })
        fraction = parts.count == 2 ? Array(parts[1]) : []
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard !parts[0].isEmpty, parts.count == 1 || !fraction.isEmpty, whole.count <= 131_072,
            fraction.count <= 16_383, whole.allSatisfy(digits.contains), fraction.allSatisfy(digits.contains)
        else { return nil }
        let isZero = whole.isEmpty && fraction.allSatisfy { $0 == UInt8(ascii: "0") }
        sign = isNegative && !isZero ? .minus : .plus
    }

    init(_ reader: inout CellReader) throws(PostgresError) {
        let count: UInt16 = try reader.integer()
        let weight: Int16 = try reader.integer()
        guard let sign = Sign(rawValue: try reader.integer()) else { throw reader.failure }
        self.sign = sign
        let scale: UInt16 = try reader.integer()
        var groups: [UInt16] = []
        for _ in 0..<count {
            groups.append(try reader.integer())
        }
        try reader.end()
        guard scale <= 16_383, groups.allSatisfy({ $0 < 10_000 }) else { throw reader.failure }
        place(groups, weight: Int(weight), scale: Int(scale))
    }

    var text: String {
        if let named = Self.named.first(where: { $0.1 == sign }) { return named.0 }
        var bytes: [UInt8] = sign == .minus ? [UInt8(ascii: "-")] : []
        bytes += whole.isEmpty ? [UInt8(ascii: "0")] : whole
        if !fraction.isEmpty { bytes += [UInt8(ascii: ".")] + fraction }
        return String(decoding: bytes, as: UTF8.self)
    }

    func encode(into bytes: inout [UInt8]) {
        let zero = UInt8(ascii: "0")
        let leading = [UInt8](repeating: zero, count: (4 - whole.count % 4) % 4)
        let trailing = [UInt8](repeating: zero, count: (4 - fraction.count % 4) % 4)
        let digits = leading + whole + fraction + trailing
        var groups = stride(from: 0, to: digits.count, by: 4).map { start in
            digits[start..<start + 4].reduce(UInt16(0)) { $0 * 10 + UInt16($1 - zero) }
        }
        var weight = (leading.count + whole.count) / 4 - 1
        while groups.last == 0 { groups.removeLast() }
        let first = groups.firstIndex { $0 != 0 } ?? 0
        groups.removeFirst(first)
        weight = groups.isEmpty ? 0 : weight - first
        bytes.append(bigEndian: UInt16(clamping: groups.count))
        bytes.append(bigEndian: Int16(clamping: weight))
        bytes.append(bigEndian: sign.rawValue)
        bytes.append(bigEndian: UInt16(clamping: fraction.count))
        for group in groups { bytes.append(bigEndian: group) }
    }

    /// Writes out the groups; group `i` stands for 10,000 to the power `weight - i`.
    private mutating func place(_ groups: [UInt16], weight: Int, scale: Int) {
        func digits(atPower power: Int) -> [UInt8] {
            let index = weight - power
            var value = groups.indices.contains(index) ? groups[index] : 0
            var digits = [UInt8](repeating: UInt8(ascii: "0"), count: 4)
            for place in (0..<4).reversed() {
                digits[place] += UInt8(value % 10)
                value /= 10
            }
            return digits
        }
        if weight >= 0 {
            for power in (0...weight).reversed() { whole += digits(atPower: power) }
        }
        whole = Array(whole.drop { $0 == UInt8(ascii: "0") })
        var power = -1
        while fraction.count < scale {
            fraction += digits(atPower: power)
            power -= 1
        }
        fraction = Array(fraction.prefix(scale))
    }
}
