// The `Date` field, which a server with a clock must send (RFC 9110 §6.6.1).
internal import BursarCore
private import Glibc

/// The field's line, made once a second and connection.
struct DateField {
    private var second: Int64 = .min
    private var line: [UInt8] = []

    mutating func bytes() -> [UInt8] {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        if Int64(now.tv_sec) != second {
            second = Int64(now.tv_sec)
            line = Array("Date: \(DateField.text(second: second))\r\n".utf8)
        }
        return line
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, for seconds since 1970.
    static func text(second: Int64) -> String {
        let days = second / 86_400
        let date = CivilDate(daysSinceEpoch: days)
        let ofDay = second % 86_400
        let time = [ofDay / 3_600, ofDay / 60 % 60, ofDay % 60].map(twoDigits).joined(separator: ":")
        let weekday = weekdays[Int(days % 7)]
        return "\(weekday), \(twoDigits(date.day)) \(months[Int(date.month) - 1]) \(date.year) \(time) GMT"
    }

    private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// 1970 began on a Thursday.
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
