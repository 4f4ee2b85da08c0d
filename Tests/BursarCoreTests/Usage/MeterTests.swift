// Meters and their places.
import BursarCore
import Testing

@Suite struct MeterTests {
    @Test func eachMeterHasThePlaceThatItsCountHas() {
        #expect(Meter.allCases.map(\.index) == Array(Meter.allCases.indices))
        for meter in Meter.allCases {
            var counts = MeterCounts()
            counts[meter] = 7
            #expect(MeterCounts(Meter.allCases.map { $0 == meter ? 7 : 0 }) == counts)
        }
        #expect(MeterCounts([]) == MeterCounts())
    }

    @Test func everyAnswerIsInOneSum() {
        let meters = Meter.answers + Meter.refusals + Meter.failures
        #expect(Set(meters).count == meters.count)
        #expect(Set(meters).union([.exchanges, .renewals, .refreshTokenRenewals]) == Set(Meter.allCases))
    }
}
