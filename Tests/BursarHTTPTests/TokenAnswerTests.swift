// Answers with tokens, byte by byte.
import BursarCore
import Testing

@testable import BursarGateway
@testable import BursarHTTP

@Suite struct TokenAnswerTests {
    private static let now = Instant(seconds: 1_790_812_800)
    private static let tenant = TenantID("8c0b6f0e-3d5c-4b8e-9a53-5d1f2f6f7a01")!

    private func text(
        _ form: TokenAnswer.Form, token: String = "abc", scope: String? = nil, limit: LimitState? = nil,
        isHead: Bool = false
    ) throws -> String {
        let token = Token(
            access: Secret(token), issuedAt: Self.now, expiresAt: Self.now + .seconds(3_600),
            generation: Generation(42), jitter: 0, refresh: nil)
        let served = ServedToken(
            token: token, source: .memory, tenant: Self.tenant,
            provider: try #require(ProviderID("zatlas")), environment: .sandbox,
            at: Self.now + .milliseconds(1), scope: scope)
        let answer = TokenAnswer(form: form, served: served, limit: limit)
        let head = AnswerHead(
            id: RequestID(number: 0xabc), date: Array("Date: today\r\n".utf8), persistence: .stays,
            isHead: isHead)
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: answer.mostBytes, alignment: 1)
        defer { room.deallocate() }
        var bytes = BytesWriter(room)
        answer.write(head, to: &bytes)
        return String(decoding: room[..<bytes.count], as: UTF8.self)
    }

    private func body(_ text: String) -> Substring { text.split(separator: "\r\n\r\n", maxSplits: 1)[1] }

    private func checkLength(_ text: String) {
        let length = text.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
        #expect(length == "Content-Length: \(body(text).utf8.count)")
    }

    @Test func theOAuthForm() throws {
        let limit = LimitState(limit: .standard, remaining: 98, reset: .milliseconds(40))
        let text = try text(.oauth, limit: limit)
        #expect(
            text == """
                HTTP/1.1 200 OK\r
                Date: today\r
                X-Request-Id: 0000000000000abc\r
                Content-Length: 177\r
                Content-Type: application/json\r
                Cache-Control: no-store\r
                Pragma: no-cache\r
                Referrer-Policy: no-referrer\r
                RateLimit-Policy: "tenant";q=100;w=2\r
                RateLimit: "tenant";r=98;t=1\r
                \r
                {"access_token":"abc","token_type":"Bearer","expires_in":3599,\
                "business_uuid":"8c0b6f0e-3d5c-4b8e-9a53-5d1f2f6f7a01","provider":"zatlas",\
                "environment":"sandbox","generation":42}
                """)
        checkLength(text)
    }

    @Test func theDetailedFormHasItsTimes() throws {
        let text = try text(.detailed)
        let times = #""expires_at":"2026-10-01T01:00:00Z","refresh_after":"2026-10-01T00:50:00Z""#
        #expect(body(text).hasSuffix(#","generation":42,\#(times)}"#))
        checkLength(text)
    }

    @Test func thePaymentForm() throws {
        let text = try text(.payment)
        #expect(body(text) == #"{"accessToken":"abc"}"#)
        checkLength(text)
    }

    @Test func aNamedScopeIsToldAndEscaped() throws {
        let text = try text(.oauth, scope: #"a b"\"#)
        #expect(body(text).contains(#""expires_in":3599,"scope":"a b\"\\","business_uuid""#))
        checkLength(text)
    }

    @Test func aTokenThatNeedsItIsEscaped() throws {
        let text = try text(.oauth, token: "a\"\\\u{1}é")
        #expect(body(text).hasPrefix(#"{"access_token":"a\"\\\u0001é","token_type""#))
        checkLength(text)
    }

    @Test func onlyTheHeadWhereOnlyThatIsWanted() throws {
        let (head, whole) = (try text(.oauth, isHead: true), try text(.oauth))
        #expect(head.hasSuffix("\r\n\r\n"))
        #expect(whole == head + body(whole))
    }
}

@Suite struct BytesWriterTests {
    private static let powersOfTen = (0...18).map { (0..<$0).reduce(Int64(1)) { power, _ in power * 10 } }

    private func written(_ write: (inout BytesWriter) -> Void) -> String {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 1)
        defer { room.deallocate() }
        var bytes = BytesWriter(room)
        write(&bytes)
        return String(decoding: room[..<bytes.count], as: UTF8.self)
    }

    @Test(
        arguments: [
            0, -1, -10, .max, .min, 12_345_678, 123_456_789, 100_000_001, 10_000_000_000_000_001,
        ] as [Int64] + powersOfTen.flatMap { [$0 - 1, $0, $0 + 1] }) func numbersAreWrittenAsTheyPrint(
            number: Int64
        )
    {
        #expect(written { $0.put(decimal: number) } == "\(number)")
    }

    @Test(arguments: [0, 951_825_599, 1_790_812_800, 253_402_300_799, 253_402_300_800, -1] as [Int64])
    func timesAreWrittenAsTheyPrint(second: Int64) {
        let instant = Instant(microseconds: second * 1_000_000 + 999_999)
        #expect(written { $0.put(instant) } == "\(instant)")
    }

    @Test func idsAreWrittenAsTheyPrint() {
        for _ in 0..<100 {
            let uuid = UUIDValue(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
            #expect(written { $0.put(uuid) } == "\(uuid)")
            #expect(written { $0.put(hexadecimal: uuid.low) } == "\(RequestID(number: uuid.low))")
        }
    }
}

@Suite struct ASCIITextTests {
    private func isHeader(_ text: String, _ word: StaticString) -> Bool { isWord(text, word) }

    @Test func wordsMatchInEitherCaseAndNothingElseDoes() {
        let word: StaticString = "x-tenant-id/z{1}@`az"
        let text = Array(word.description.utf8)
        #expect(isHeader(word.description, word))
        #expect(isHeader(word.description.uppercased(), "x-tenant-id/z{1}@`az"))
        for place in text.indices {
            for byte in UInt8.min ... .max where byte != text[place] {
                var changed = text
                changed[place] = byte
                let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(text[place])
                let isMatch = changed.withUnsafeBytes { changed in
                    text.withUnsafeBytes { isWord(changed, $0) }
                }
                #expect(isMatch == (isLetter && byte == text[place] - 0x20), "\(byte) at \(place)")
            }
        }
        #expect(!isHeader("x-tenant-id/z{1}@`a", word))
        #expect(!isHeader("x-tenant-id/z{1}@`azz", word))
        #expect(isHeader("", ""))
    }

    @Test func placesAndSamenessAreOfBytes() {
        let text: [UInt8] = [1, 2, 3, 2]
        text.withUnsafeBytes { text in
            #expect(place(of: 2, in: text) == 1)
            #expect(place(of: 4, in: text) == nil)
            #expect(isSame(text, text))
            #expect(!isSame(text, UnsafeRawBufferPointer(rebasing: text[..<3])))
        }
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(place(of: 0, in: nothing) == nil)
        #expect(isSame(nothing, nothing))
        #expect(isSame(nothing, ""))
    }
}

@Suite struct RouteTableTests {
    @Test func eachPathHasItsRoute() {
        let table = RouteTable(Route.allCases.map { ($0.template, $0) })
        for route in Route.allCases { #expect(table.route(route.template[...]) == route) }
        for path in ["", "/", "/v1/tokens", "/v1/tokem", "/V1/token", "/v1/token/"] {
            #expect(table.route(path[...]) == .unknown)
        }
    }
}
