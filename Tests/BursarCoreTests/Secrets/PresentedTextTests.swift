// What callers present: the bytes come back, and nothing is printed.
import BursarCore
import BursarTestSupport
import Testing

@Suite struct PresentedTextTests {
    @Test(arguments: [0, 1, 47, 48, 49, 300]) func theBytesComeBack(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let text = PresentedText(bytes)
        #expect(text.withBytes { Array($0) } == bytes)
        #expect(text.count == count)
        #expect(text == PresentedText(bytes))
        #expect(text != PresentedText(bytes + [0]))
        guard let last = bytes.last else { return }
        #expect(text != PresentedText(bytes.dropLast() + [last ^ 1]))
    }

    @Test(arguments: ["canary", String(repeating: "canary", count: 20)])
    func nothingIsPrinted(secret: String) {
        let text = PresentedText(secret.utf8)
        var dumped = ""
        dump(text, to: &dumped)
        for printed in ["\(text)", String(reflecting: text), dumped] { #expect(!printed.contains("canary")) }
        #expect(text.revealText() == secret)
    }
}

@Suite struct ClientSecretHashTests {
    @Test func theBytesComeBack() throws {
        let bytes = Array(UInt8(1)...32)
        let hash = try #require(ClientSecretHash(bytes))
        #expect(hash.bytes == bytes)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect(ClientSecretHash(changed) != hash)
        }
    }

    @Test(arguments: [0, 31, 33]) func otherLengthsAreNone(count: Int) {
        let bytes = [UInt8](repeating: 1, count: count)
        #expect(ClientSecretHash(bytes) == nil)
    }
}
