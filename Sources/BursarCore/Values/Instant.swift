// A point in time on the gateway's own timeline, which never runs backwards.

/// Microseconds since the Unix epoch. Decisions take it as an argument; nothing in Core reads a clock.
package struct Instant: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }
    package init(seconds: Int64) { microseconds = seconds * 1_000_000 }

    package static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

    package static func + (instant: Instant, duration: Duration) -> Instant {
        Instant(microseconds: instant.microseconds + duration.microseconds)
    }

    package static func - (instant: Instant, duration: Duration) -> Instant {
        Instant(microseconds: instant.microseconds - duration.microseconds)
    }

    package static func - (left: Instant, right: Instant) -> Duration {
        .microseconds(left.microseconds - right.microseconds)
    }

    /// What `self - earlier` is, without the 128 bits of a `Duration`: for what every request asks.
    package func microseconds(since earlier: Instant) -> Int64 { microseconds - earlier.microseconds }

    /// Whole seconds since the Unix epoch, rounded down.
    package var seconds: Int64 { floorDivide(microseconds, 1_000_000) }

    /// The day in UTC.
    package var date: CivilDate { CivilDate(daysSinceEpoch: floorDivide(seconds, 86_400)) }

    /// RFC 3339 in UTC with whole seconds, as answers and tables show it.
    package var description: String {
        let (seconds, date) = (seconds, date)
        let ofDay = seconds - floorDivide(seconds, 86_400) * 86_400
        return "\(date)T\(padded(ofDay / 3_600)):\(padded(ofDay / 60 % 60)):\(padded(ofDay % 60))Z"
    }
}

extension Duration {
    /// Whole microseconds, rounded toward zero.
    package var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    /// Whole seconds, rounded up: what `Retry-After` says, since a client must not come back too early.
    package var secondsRoundedUp: Int64 {
        let (seconds, attoseconds) = components
        return attoseconds > 0 ? seconds + 1 : seconds
    }

    /// Seconds with their fraction, for metrics and messages.
    package var fractionalSeconds: Double { Double(microseconds) / 1_000_000 }
}

/// A day of the proleptic Gregorian calendar.
package struct CivilDate: Hashable, Sendable, CustomStringConvertible {
    package let year: Int64
    package let month: Int64
    package let day: Int64

    /// The usual conversion from a day count: shift to a year that starts in March, so that the leap day is
    /// last.
    package init(daysSinceEpoch days: Int64) {
        let shifted = days + 719_468  // 0000-03-01 to 1970-01-01
        let era = floorDivide(shifted, 146_097)  // 400 years
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        day = ofYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    package var description: String { "\(padded(year, to: 4))-\(padded(month))-\(padded(day))" }
}

private func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
}

private func padded(_ value: Int64, to width: Int = 2) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
}
