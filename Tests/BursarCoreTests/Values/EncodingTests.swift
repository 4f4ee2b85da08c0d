// Length prefixes, hexadecimal, and the nearest name.
import BursarCore
import BursarTestSupport
import Testing

@Suite struct EncodingTests {
    private func encoded(_ fields: [String]) -> [UInt8] {
        var bytes = LengthPrefixed()
        for field in fields { bytes.append(field) }
        return bytes.bytes
    }

    @Test func lengthsComeFirst() {
        #expect(encoded(["ab", ""]) == [0, 0, 0, 2, 97, 98, 0, 0, 0, 0])
        #expect(encoded([String(repeating: "x", count: 258)]).prefix(4) == [0, 0, 1, 2])
    }

    @Test func listsThatDifferHaveDifferentBytes() {
        let lists = [
            ["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"], ["a", "b", "c"], [], [""], ["", ""],
        ]
        #expect(Set(lists.map(encoded)).count == lists.count)
    }

    @Test func randomListsNeverShareTheirBytes() {
        var random = SplitMix64(seed: 3)
        var known: [[UInt8]: [String]] = [:]
        for _ in 0..<20_000 {
            let list = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                String(
                    (0..<Int.random(in: 0...2, using: &random)).map { _ in
                        "ab\0".randomElement(using: &random)!
                    })
            }
            let bytes = encoded(list)
            #expect(known[bytes] == nil || known[bytes] == list)
            known[bytes] = list
        }
    }

    @Test func hexadecimalIsLowerCase() {
        #expect(hexText([0, 15, 16, 255] as [UInt8]) == "000f10ff")
        #expect(hexText([] as [UInt8]) == "")
        #expect("0123456789abcdefABCDEF".utf8.compactMap(hexDigitValue).count == 22)
        #expect("gG/:@`xyz".utf8.compactMap(hexDigitValue).isEmpty)
    }

    /// Each byte at each place, among digits that must neither hide it nor suffer from it.
    @Test func eightDigitsMakeANumberWhereEachIsOne() {
        for others in [UInt64(0x3030_3030_3030_3030), 0x3966_4661_4139_3046] {
            for place in stride(from: 0, to: 64, by: 8) {
                for byte in UInt8.min...UInt8.max {
                    let digits = others & ~(0xff << place) | UInt64(byte) << place
                    let values = (0..<8).map { hexDigitValue(UInt8(truncatingIfNeeded: digits >> (8 * $0))) }
                    let expected = values.reduce(UInt32?(0)) { number, digit in
                        number.flatMap { number in digit.map { number << 4 | UInt32($0) } }
                    }
                    #expect(hexadecimalNumber(digits) == expected)
                }
            }
        }
    }

    @Test func theNearestNameIsTheOneWithTheFewestEdits() {
        let names = ["timeout", "concurrency", "token"]
        #expect(nearestName(to: "timout", among: names) == "timeout")
        #expect(nearestName(to: "concurency", among: names) == "concurrency")
        #expect(nearestName(to: "tokens", among: names) == "token")
        #expect(nearestName(to: "", among: names) == "token")
        #expect(nearestName(to: "x", among: []) == nil)
    }
}

@Suite struct IdentifierTests {
    @Test(arguments: ["a", "zatlas", "payment-api_2", "a23456789012345678901234567890ab"])
    func providerIDs(text: String) { #expect(ProviderID(text)?.text == text) }

    @Test(arguments: [
        "", "1a", "-a", "_a", "Zatlas", "za tlas", "zatlas\n", "zätlas", "a234567890123456789012345678901bc",
    ])
    func otherTextIsNoProviderID(text: String) { #expect(ProviderID(text) == nil) }

    @Test func clientIDsAreAPrefixAndTwentyCharacters() {
        #expect(ClientID("brc_ABCDEFGHIJabcdefghij")?.text == "brc_ABCDEFGHIJabcdefghij")
        #expect(ClientID("brc_0123456789ABCDEFGHIJ") != nil)
        let wrong = [
            "", "brc_", "brc_ABCDEFGHIJabcdefghi", "brc_ABCDEFGHIJabcdefghijk", "BRC_ABCDEFGHIJabcdefghij",
            "brs_ABCDEFGHIJabcdefghij", "brc-ABCDEFGHIJabcdefghij", "brc_ABCDEFGHIJabcdefghi_",
            "brc_ABCDEFGHIJabcdefghi é", " brc_ABCDEFGHIJabcdefghi", "brc_ABCDEFGHIJabcdefghi\n",
        ]
        #expect(wrong.allSatisfy { ClientID($0) == nil })
    }

    @Test func aTenantsOwnerIsItself() {
        let tenant = TenantID(UUIDValue(high: 1, low: 2))
        #expect(OwnerID(tenant).uuid == tenant.uuid)
    }
}
