// The two ways in which providers write a point in time: HTTP dates and RFC 3339.
import BursarCore

enum Timestamp {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 §5.6.7); the two obsolete forms are not read.
    static func httpDate(_ text: String) -> Instant? {
        let bytes = Array(text.utf8)
        guard bytes.count == 29, text.hasSuffix(" GMT"),
            let month = months.firstIndex(of: String(decoding: bytes[8..<11], as: UTF8.self)),
            let day = number(bytes[5..<7]), let year = number(bytes[12..<16]),
            let hour = number(bytes[17..<19]),
            let minute = number(bytes[20..<22]), let second = number(bytes[23..<25])
        else { return nil }
        return instant(year, Int64(month) + 1, day, hour, minute, second)
    }

    /// `2026-10-04T12:00:00Z`, with a fraction (dropped) or an offset.
    static func rfc3339(_ text: String) -> Instant? {
        var bytes = Array(text.uppercased().utf8)
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " "), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
            let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]),
            let second = number(bytes[17..<19]), let local = instant(year, month, day, hour, minute, second)
        else { return nil }
        bytes.removeFirst(19)
        if bytes.first == UInt8(ascii: ".") {
            let fraction = bytes.dropFirst().prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
            guard !fraction.isEmpty else { return nil }
            bytes.removeFirst(1 + fraction.count)
        }
        return offset(bytes).map { local - $0 }
    }

    private static func offset(_ bytes: [UInt8]) -> Duration? {
        if bytes == [UInt8(ascii: "Z")] { return .zero }
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"), let hours = number(bytes[1..<3]),
            let minutes = number(bytes[4..<6]), hours < 24, minutes < 60
        else { return nil }
        let size = Duration.seconds(hours * 3_600 + minutes * 60)
        switch bytes[0] {
        case UInt8(ascii: "+"): return size
        case UInt8(ascii: "-"): return .zero - size
        default: return nil
        }
    }

    private static func instant(
        _ year: Int64, _ month: Int64, _ day: Int64, _ hour: Int64, _ minute: Int64, _ second: Int64
    ) -> Instant? {
        // 60: a leap second.
        guard year >= 1, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second <= 60
        else { return nil }
        return Instant(seconds: days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
    }

    /// Days since 1970-01-01: in years that begin in March the leap day is last, and a month's first day is
    /// `(153 m + 2) / 5` days in. The inverse is Core's `CivilDate`.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let ofYear = (153 * (month <= 2 ? month + 9 : month - 3) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + ofYear - 719_468
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }
}
