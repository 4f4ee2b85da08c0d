// Instants as text, against known dates.
import BursarCore
import Testing

@Suite struct InstantTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"), (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"), (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_740_787_200, "2025-03-01T00:00:00Z"), (1_790_812_800, "2026-10-01T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"), (-2_203_891_200, "1900-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] as [(Int64, String)])
    func textIsRFC3339(seconds: Int64, text: String) {
        #expect(Instant(seconds: seconds).description == text)
    }

    @Test func fractionsAreCutOffTowardsThePast() {
        #expect(Instant(microseconds: 999_999).description == "1970-01-01T00:00:00Z")
        #expect(Instant(microseconds: -1).description == "1969-12-31T23:59:59Z")
    }

    /// Counts days the plain way and compares, over 400 years: a whole cycle of the calendar.
    @Test func everyDayOfFourCenturiesIsTheOneAfterItsPredecessor() {
        var (year, month, day) = (1970, 1, 1)
        for number in 0..<146_097 {
            let date = CivilDate(daysSinceEpoch: Int64(number))
            guard date.year == year, date.month == month, date.day == day else {
                Issue.record("day \(number) is \(date), not \(year)-\(month)-\(day)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            day += 1
            if day > length { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
    }

    @Test func differencesAndSumsAgree() {
        let instant = Instant(seconds: 100)
        #expect(instant + .milliseconds(1_500) - instant == .milliseconds(1_500))
        #expect(instant - .seconds(101) == Instant(seconds: -1))
        #expect(Instant(seconds: 1) < Instant(microseconds: 1_000_001))
    }

    @Test func secondsForRetryAfterAreRoundedUp() {
        #expect(Duration.zero.secondsRoundedUp == 0)
        #expect(Duration.microseconds(1).secondsRoundedUp == 1)
        #expect(Duration.seconds(3).secondsRoundedUp == 3)
        #expect(Duration.milliseconds(3_001).secondsRoundedUp == 4)
    }
}
