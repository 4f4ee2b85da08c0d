// Durations as profiles write them.
import Testing

@testable import BursarProviders

@Suite struct DurationTextTests {
    @Test(arguments: [
        ("500ms", 500, "500ms"), ("10s", 10_000, "10s"), ("60s", 60_000, "60s"), ("15m", 900_000, "15m"),
        ("1h", 3_600_000, "60m"), ("24h", 86_400_000, "24h"), ("1s", 1_000, "1s"), ("90s", 90_000, "90s"),
        ("1500ms", 1_500, "1500ms"), ("3600s", 3_600_000, "60m"), ("0s", 0, "0ms"),
    ])
    func duration(_ text: String, _ milliseconds: Int, _ again: String) {
        #expect(DurationText.duration(text) == .milliseconds(milliseconds))
        #expect(DurationText.text(.milliseconds(milliseconds)) == again)
    }

    @Test(arguments: [
        "", "s", "5", "5 s", "5S", "5d", "1.5s", "-5s", "+5s", "5ss", "٥s", "99999999999999999999s",
    ])
    func noDuration(_ text: String) { #expect(DurationText.duration(text) == nil) }
}
