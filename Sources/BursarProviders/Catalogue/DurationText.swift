// Durations as profiles write them: a whole number and a unit.
import BursarCore

enum DurationText {
    private static let units: [(name: String, microseconds: Int64)] = [
        ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000),
    ]

    /// `500ms`, `60s`, `15m`, `24h`; nil for anything else.
    static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let unit = units.first(where: { $0.name == text[digits.endIndex...] }),
            let count = Int64(digits)
        else { return nil }
        let (microseconds, overflow) = count.multipliedReportingOverflow(by: unit.microseconds)
        return overflow ? nil : .microseconds(microseconds)
    }

    /// In the largest unit that leaves no fraction, with `90s` and `60m` rather than a lone `1h`.
    static func text(_ duration: Duration) -> String {
        let whole = duration.microseconds
        let fitting = units.first { unit in
            let least = unit.name == "s" || unit.name == "ms" ? 1 : 2
            return whole >= unit.microseconds * Int64(least) && whole % unit.microseconds == 0
        }
        return fitting.map { "\(whole / $0.microseconds)\($0.name)" } ?? "\(whole / 1_000)ms"
    }
}
