// The month that a report is of.

/// A calendar month, as `2026-10`. When it begins and ends is a matter of the reporting zone, which the
/// database knows.
package struct ReportPeriod: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let year: Int
    /// 1 to 12.
    package let month: Int

    /// Nil unless `month` is 1 to 12 and `year` 2000 to 9998.
    package init?(year: Int, month: Int) {
        guard (1...12).contains(month), (2_000...9_998).contains(year) else { return nil }
        self.year = year
        self.month = month
    }

    /// Takes exactly `YYYY-MM`; anything else is nil.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 7, bytes[4] == UInt8(ascii: "-"),
            (bytes[..<4] + bytes[5...]).allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let year = Int(text.prefix(4)), let month = Int(text.suffix(2))
        else { return nil }
        self.init(year: year, month: month)
    }

    package var previous: ReportPeriod { shifted(by: -1) }
    package var next: ReportPeriod { shifted(by: 1) }

    private func shifted(by months: Int) -> ReportPeriod {
        let number = year * 12 + month - 1 + months
        return ReportPeriod(year: number / 12, month: number % 12 + 1) ?? self
    }

    /// Its first day, as ISO 8601 writes it.
    package var firstDay: String { "\(self)-01" }

    package var description: String { "\(year)-\(month < 10 ? "0" : "")\(month)" }

    package static func < (left: ReportPeriod, right: ReportPeriod) -> Bool {
        (left.year, left.month) < (right.year, right.month)
    }
}
