// UUIDs as text, and ids that sort by their time.
import BursarCore
import BursarTestSupport
import Testing

@Suite struct UUIDValueTests {
    @Test func textGoesThereAndBack() throws {
        let text = "01234567-89ab-cdef-0123-456789abcdef"
        let uuid = try #require(UUIDValue(text))
        #expect(uuid.high == 0x0123_4567_89ab_cdef && uuid.low == 0x0123_4567_89ab_cdef)
        #expect(uuid.description == text)
        #expect(UUIDValue(text.uppercased()) == uuid)
        #expect(
            uuid.bytes == [
                0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
                0xef,
            ])
    }

    @Test func everyValueGoesThereAndBack() {
        var random = SplitMix64(seed: 1)
        for _ in 0..<1_000 {
            let uuid = UUIDValue(high: random.next(), low: random.next())
            #expect(UUIDValue(uuid.description) == uuid)
        }
    }

    @Test(arguments: [
        "", "0", "0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcde",
        "01234567-89ab-cdef-0123-456789abcdeff", "01234567-89ab-cdef-0123-456789abcdeg",
        "0123456-789ab-cdef-0123-456789abcdef", "{1234567-89ab-cdef-0123-456789abcde}",
        " 1234567-89ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdé",
        "01234567-89ab-cdef-0123-456789abcdef\n", "--------------------------------------",
    ])
    func otherTextIsRefused(text: String) {
        #expect(UUIDValue(text) == nil)
        #expect(TenantID(text) == nil)
    }

    /// Half as many ids as places: thrown at random they would hit 3,223 of 8,192 on average.
    @Test(
        arguments: [
            { UUIDValue(high: 0x0123_4567_89ab_7def, low: 0x8000_0000_0000_0000 | $0) },
            { UUIDValue(high: 0x0190_0000_0000_7000 + $0 << 16, low: 0x8123_4567_89ab_cdef) },
            { UUIDValue(high: 0, low: $0 << 32) }, { UUIDValue(high: $0, low: $0) },
        ] as [@Sendable (UInt64) -> UUIDValue])
    func idsThatDifferByACounterAreSpread(id: @Sendable (UInt64) -> UUIDValue) {
        #expect(Set((1...4_096).map { id($0).spread & 8_191 }).count > 3_000)
    }

    @Test func versionAndVariantStandWhereTheyShould() {
        for random in [(UInt64.min, UInt64.min), (.max, .max)] {
            let digits = Array(
                UUIDValue.version7(at: Instant(seconds: 1_790_812_800), random: random).description)
            #expect(digits[14] == "7")
            #expect("89ab".contains(digits[19]))
        }
    }

    @Test func versionSevenBeginsWithTheMilliseconds() {
        let instant = Instant(microseconds: 1_790_812_800_123_999)
        let uuid = UUIDValue.version7(at: instant, random: (.max, .max))
        #expect(uuid.high >> 16 == 1_790_812_800_123)
        #expect(UUIDValue.version7(at: Instant(seconds: -5), random: (0, 0)).high >> 16 == 0)
    }

    @Test func laterIdsSortAfterEarlierOnes() {
        var random = SplitMix64(seed: 2)
        var former = UUIDValue(high: 0, low: 0)
        for step in 0..<1_000 {
            let at = Instant(microseconds: 1_790_812_800_000_000 + Int64(step) * 1_000)
            let next = UUIDValue.version7(at: at, random: (random.next(), random.next()))
            #expect(former < next)
            former = next
        }
    }
}
