// HTTP Basic: encoded and raw halves, every printable character, and what is malformed.
import BursarCore
import Testing

@testable import BursarHTTP

@Suite struct BasicCredentialsTests {
    /// Every printable ASCII character, as a secret of our own could not hold them.
    private static let printable = Array(UInt8(0x20)...0x7e)

    private func base64(_ bytes: [UInt8], padded: Bool = true) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
            for index in 0...group.count { text.append(alphabet[Int(word >> (18 - 6 * UInt32(index)) & 63)]) }
            if padded { text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - group.count)) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private func encoded(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { byte in isBase62(byte) ? [byte] : Array("%\(hexText([byte]).uppercased())".utf8) }
    }

    @Test func everyPrintableCharacterArrivesWhenEncoded() throws {
        for byte in Self.printable {
            let credentials = try BasicCredentials(
                base64: base64(encoded([byte]) + [0x3a] + encoded([byte, byte])).utf8)
            #expect(credentials.id == [byte])
            #expect(credentials.secret == [byte, byte])
        }
    }

    @Test func everyPrintableCharacterArrivesRawUnlessItMeansSomething() throws {
        // `:` ends an id, `+` and `%` belong to the encoding.
        for byte in Self.printable where !":+%".utf8.contains(byte) {
            let credentials = try BasicCredentials(base64: base64([byte, 0x3a, byte]).utf8)
            #expect(credentials.id == [byte])
            #expect(credentials.secret == [byte])
        }
    }

    @Test func ourOwnSecretsReadTheSameRawAndEncoded() throws {
        let secret = ClientSecretFormat.make(random: Array(0..<32)).revealText()
        let raw = try BasicCredentials(base64: base64(Array("brc_x:\(secret)".utf8)).utf8)
        let percent = secret.replacing("_", with: "%5F")
        let encoded = try BasicCredentials(base64: base64(Array("brc%5Fx:\(percent)".utf8)).utf8)
        #expect(raw.id == encoded.id)
        #expect(raw.secret == encoded.secret)
        #expect(raw.secret == Array(secret.utf8))
    }

    @Test(arguments: ["100%", "%zz", "a%4"]) func undecodableHalfStaysRaw(half: String) throws {
        let credentials = try BasicCredentials(base64: base64(Array("id:\(half)".utf8)).utf8)
        #expect(credentials.secret == Array(half.utf8))
    }

    @Test func theFirstColonDivides() throws {
        let credentials = try BasicCredentials(base64: base64(Array("id:a:b:c".utf8)).utf8)
        #expect(credentials.secret == Array("a:b:c".utf8))
    }

    @Test func paddingMayBeMissingButNotWrong() {
        for length in 0...8 {
            let bytes = (0..<length).map { UInt8($0 * 37 & 0xff) }
            #expect(Base64.decode(base64(bytes).utf8) == bytes)
            #expect(Base64.decode(base64(bytes, padded: false).utf8) == bytes)
        }
        for wrong in ["A", "AA=", "AAA==", "A===", "=", "====", "AA=A", "AA-_", "AA AA", "AAAAA"] {
            #expect(Base64.decode(wrong.utf8) == nil, "\(wrong)")
        }
    }

    @Test func flawsAreToldApart() {
        #expect(throws: BasicCredentials.Flaw.noColon) {
            try BasicCredentials(base64: base64(Array("idsecret".utf8)).utf8)
        }
        #expect(throws: BasicCredentials.Flaw.notBase64) { try BasicCredentials(base64: "!!!".utf8) }
    }
}

extension BasicCredentials {
    fileprivate init(base64 text: String.UTF8View) throws {
        self = try Array(text).withUnsafeBytes { try BasicCredentials(base64: $0) }
    }
}

extension Base64 {
    fileprivate static func decode(_ text: String.UTF8View) -> [UInt8]? {
        Array(text).withUnsafeBytes { text in
            var bytes = [UInt8](repeating: 0, count: room(for: text))
            guard let count = bytes.withUnsafeMutableBytes({ decode(text, into: $0) }) else { return nil }
            return Array(bytes[..<count])
        }
    }
}

private func == (left: PresentedText, right: [UInt8]) -> Bool { left.withBytes { Array($0) } == right }
