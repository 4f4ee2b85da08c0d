// Client secrets: what is made is well-formed, and next to nothing else is.
import BursarCore
import BursarTestSupport
import Testing

@Suite struct ClientSecretFormatTests {
    private func make(_ seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        return ClientSecretFormat.make(
            random: (0..<32).map { _ in UInt8.random(in: 0..<248, using: &random) }
        ).reveal()
    }

    @Test func whatIsMadeIsWellFormed() {
        for seed in 0..<1_000 as Range<UInt64> {
            let secret = make(seed)
            #expect(ClientSecretFormat.isWellFormed(secret))
            #expect(secret.count == 42 && secret.starts(with: "brs_".utf8))
            #expect(secret.dropFirst(4).allSatisfy(isBase62))
        }
    }

    /// By the CRC-32 of another program: a secret that was issued once stays good for ever.
    @Test func theChecksumIsTheStandardOne() {
        let body = "brs_0123456789abcdefghijklmnopqrstuv"
        #expect(ClientSecretFormat.isWellFormed("\(body)3pnsmX".utf8))
        #expect(!ClientSecretFormat.isWellFormed("\(body)3pnsmY".utf8))
    }

    @Test func onlyLettersAndDigitsAreBase62() {
        let all = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8
        #expect((UInt8.min...UInt8.max).filter(isBase62).elementsEqual(all))
    }

    /// CRC-32 finds every change of a single character, and 62^6 leaves room for all of it.
    @Test func everyChangeOfOneCharacterIsRefused() {
        let secret = make(7)
        for index in secret.indices {
            for byte in UInt8.min...UInt8.max where byte != secret[index] {
                var changed = secret
                changed[index] = byte
                #expect(!ClientSecretFormat.isWellFormed(changed), "at \(index), \(byte)")
            }
        }
    }

    @Test func everySwapOfNeighboursIsRefused() {
        let secret = make(8)
        for index in secret.indices.dropLast() where secret[index] != secret[index + 1] {
            var changed = secret
            changed.swapAt(index, index + 1)
            #expect(!ClientSecretFormat.isWellFormed(changed))
        }
    }

    @Test func otherLengthsAreRefused() {
        let secret = make(9)
        #expect(!ClientSecretFormat.isWellFormed(secret.dropLast()))
        #expect(!ClientSecretFormat.isWellFormed(secret + [48]))
        #expect(!ClientSecretFormat.isWellFormed([UInt8]()))
        #expect(!ClientSecretFormat.isWellFormed("brs_".utf8))
    }

    @Test func randomGarbageIsRefused() {
        var random = SplitMix64(seed: 10)
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for _ in 0..<20_000 {
            let body = (0..<38).map { _ in alphabet.randomElement(using: &random)! }
            #expect(!ClientSecretFormat.isWellFormed(Array("brs_".utf8) + body))
            let bytes = (0..<42).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            #expect(!ClientSecretFormat.isWellFormed(bytes))
        }
    }

    /// Secrets that were issued stay good: the checksum of a known one.
    @Test func theChecksumIsTheSameAsEver() {
        let secret = ClientSecretFormat.make(random: Array(0..<32)).revealText()
        #expect(secret.hasPrefix("brs_0123456789ABCDEFGHIJKLMNOPQRSTUV"))
        #expect(secret == KnownSecret.text)
    }

    @Test func clientIDsAreMadeOfTheirAlphabet() {
        let id = ClientSecretFormat.makeClientID(random: Array(40..<60))
        #expect(ClientID(id.text) == id)
    }
}

/// Computed apart from the product, by Python's `zlib.crc32` and base 62.
private enum KnownSecret {
    static let text = "brs_0123456789ABCDEFGHIJKLMNOPQRSTUV4UdwzR"
}
