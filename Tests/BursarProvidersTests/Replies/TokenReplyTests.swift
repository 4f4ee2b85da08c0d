// Replies that are a token, and the many that only look like one.
import BursarCore
import Testing

@testable import BursarProviders

@Suite struct TokenReplyTests {
    func read(
        _ status: Int, _ body: String, headers: [NamedValue] = [], step: ExchangeStep = .full,
        _ change: (inout ProviderProfile) -> Void = { _ in }
    ) throws -> Result<TokenReply, ExchangeFailure> {
        var profile = ProviderProfile(
            id: try #require(ProviderID("test")), name: "Test", environments: [:],
            token: TokenEndpoint(path: nil, authentication: .body))
        change(&profile)
        // 1994-11-06T08:49:37Z, the date of RFC 9110's examples.
        let reply = ProviderReply(
            status: status, headers: headers, body: Array(body.utf8), sentAt: Instant(seconds: 784_111_777))
        return TokenReplyReader.read(reply, profile: profile, step: step)
    }

    @Test(arguments: [
        ("", FailureReason.replyMalformed), ("null", .replyMalformed), ("[]", .replyMalformed),
        ("\"token\"", .replyMalformed), ("access_token=a", .replyMalformed),
        ("<html></html>", .replyMalformed),
        ("{\"access_token\":\"a\",\"expires_in\":60", .replyMalformed),
        ("{\"access_token\":\"a\",\"access_token\":\"b\"}", .replyMalformed),
        ("{\"access_token\":\"a\"}{}", .replyMalformed), ("{\"access_token\":\"a\",}", .replyMalformed),
        ("{}", .tokenMissing), ("{\"access_token\":null}", .tokenMissing),
        ("{\"access_token\":\"\"}", .tokenMissing),
        ("{\"access_token\":7}", .tokenMalformed), ("{\"access_token\":{\"t\":\"a\"}}", .tokenMalformed),
        ("{\"access_token\":\"a b\"}", .tokenMalformed),
        ("{\"access_token\":\"a\\r\\nX: y\"}", .tokenMalformed),
        ("{\"access_token\":\"a\\u0000\"}", .tokenMalformed),
        ("{\"access_token\":\"a\\\"\"}", .tokenMalformed),
        ("{\"access_token\":\"a\\\\\"}", .tokenMalformed), ("{\"access_token\":\"é\"}", .tokenMalformed),
        ("{\"access_token\":\"a\\u007f\"}", .tokenMalformed),
        ("{\"access_token\":\"a\",\"token_type\":\"mac\"}", .replyMalformed),
        ("{\"access_token\":\"a\",\"token_type\":\"\"}", .replyMalformed),
        ("{\"access_token\":\"a\",\"error\":\"server_error\"}", .errorInReply),
        ("{\"error\":{\"code\":5}}", .errorInReply), ("{\"error\":true}", .errorInReply),
        ("{\"error\":\"invalid_client\"}", .invalidClient),
    ])
    func badReplyWithStatus200(_ body: String, _ reason: FailureReason) throws {
        #expect(try read(200, body).failure == ExchangeFailure(reason))
    }

    @Test(arguments: [
        "{\"access_token\":\"a\"}", "\u{feff}{\"access_token\":\"a\"}", " \r\n{ \"access_token\" : \"a\" }\t",
        "{\"access_token\":\"\\u0061\"}", "{\"access_token\":\"a\",\"token_type\":null}",
        "{\"access_token\":\"a\",\"token_type\":7}", "{\"access_token\":\"a\",\"error\":null}",
        "{\"access_token\":\"a\",\"error\":\"\"}", "{\"access_token\":\"a\",\"error\":false}",
        "{\"access_token\":\"a\",\"more\":[{\"x\":{}}]}",
    ])
    func goodReply(_ body: String) throws {
        #expect(try read(200, body).get().accessToken.revealText() == "a")
        #expect(try read(201, body).get().accessToken.revealText() == "a")
    }

    @Test func tokenHasALongestLength() throws {
        let longest = String(repeating: "a", count: 16_384)
        #expect(try read(200, "{\"access_token\":\"\(longest)\"}").get().accessToken.count == 16_384)
        let failure = try read(200, "{\"access_token\":\"\(longest)a\"}").failure
        #expect(failure == ExchangeFailure(.tokenMalformed))
    }

    @Test func depthHasALimit() throws {
        let deep = String(repeating: "[", count: 40_000)
        #expect(
            try read(200, "{\"access_token\":\"a\",\"x\":\(deep)").failure == ExchangeFailure(.replyMalformed)
        )
    }

    @Test func tokenTypeCheckCanBeSwitchedOff() throws {
        let result = try read(200, "{\"access_token\":\"a\",\"token_type\":\"JWT\"}") {
            $0.reply.tokenType = nil
        }
        #expect(try result.get().accessToken.revealText() == "a")
    }

    @Test func pointersReachInside() throws {
        let body = #"{"data":[{"a/b":{"~":"tok"}}],"life":{"s":5}}"#
        let token = try read(200, body) {
            $0.reply.accessToken = "/data/0/a~1b/~0"
            $0.reply.expiresIn = "/life/s"
        }.get()
        #expect(token.accessToken.revealText() == "tok")
        #expect(token.lifetime == .seconds(5))
    }

    @Test func refreshTokenIsKeptOnlyWhereItIsOfUse() throws {
        let body = #"{"access_token":"a","refresh_token":"r 1"}"#
        #expect(try read(200, body).get().refreshToken == nil)
        let withRefresh = { (profile: inout ProviderProfile) in profile.refresh = RefreshEndpoint(path: "/r")
        }
        #expect(try read(200, body, withRefresh).get().refreshToken == Secret("r 1"))
        let odd = #"{"access_token":"a","refresh_token":5}"#
        #expect(try read(200, odd, withRefresh).get().refreshToken == nil)
    }

    @Test(arguments: [
        (199, ExchangeStep.full, FailureReason.replyMalformed), (300, .full, .redirectRefused),
        (304, .full, .redirectRefused), (307, .refresh, .redirectRefused), (308, .scoped, .redirectRefused),
        (400, .full, .requestRefused), (401, .full, .invalidClient), (402, .full, .requestRefused),
        (403, .full, .requestRefused), (404, .full, .requestRefused), (415, .full, .requestRefused),
        (429, .full, .rateLimited), (499, .full, .requestRefused), (500, .full, .serverError),
        (502, .full, .serverError), (503, .full, .serverError), (599, .full, .serverError),
        (600, .full, .replyMalformed), (400, .refresh, .refreshRefused), (401, .refresh, .refreshRefused),
        (404, .refresh, .refreshRefused), (429, .refresh, .rateLimited), (500, .refresh, .serverError),
        (400, .scoped, .requestRefused), (401, .scoped, .tokenRefused), (403, .scoped, .requestRefused),
        (429, .scoped, .rateLimited), (503, .scoped, .serverError),
    ])
    func statusDecides(_ status: Int, _ step: ExchangeStep, _ reason: FailureReason) throws {
        #expect(try read(status, "not JSON", step: step).failure == ExchangeFailure(reason))
    }

    @Test(arguments: [
        (400, "invalid_client", FailureReason.invalidClient), (401, "invalid_client", .invalidClient),
        (403, "invalid_client", .invalidClient), (401, "unauthorized_client", .invalidClient),
        (400, "unauthorized_client", .requestRefused), (403, "unauthorized_client", .requestRefused),
        (401, "invalid_grant", .invalidClient), (400, "invalid_grant", .requestRefused),
        (401, "invalid_request", .requestRefused), (401, "invalid_scope", .requestRefused),
        (401, "unsupported_grant_type", .requestRefused), (401, "nonsense", .invalidClient),
        (500, "invalid_client", .serverError), (429, "invalid_client", .rateLimited),
    ])
    func errorMemberDecidesAtTheTokenStep(_ status: Int, _ error: String, _ reason: FailureReason) throws {
        #expect(try read(status, "{\"error\":\"\(error)\"}").failure == ExchangeFailure(reason))
    }

    static let retries: [(String, Int?)] = [
        ("5", 5), ("3600", 3600), ("3601", 3600), ("99999999999999999999999999", 3600), ("0", nil),
        ("-5", nil),
        ("1.5", nil), ("", nil), ("soon", nil), ("+5", nil), ("5s", nil),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
        ("Sun, 06 Nov 1994 10:49:37 GMT", 3600), ("Sun, 06 Nov 1994 08:49:37 GMT", nil),
        ("Sun, 06 Nov 1994 08:00:00 GMT", nil), ("Sun, 06 Abc 1994 08:50:37 GMT", nil),
        ("Sunday, 06-Nov-94 08:50:37 GMT", nil), ("Sun, 06 Nov 1994 08:50:37 CET", nil),
    ]

    @Test(arguments: retries) func retryAfter(_ value: String, _ seconds: Int?) throws {
        let expected: Duration? = seconds.map { .seconds($0) }
        let headers = [NamedValue("retry-after", value)]
        #expect(try read(429, "", headers: headers).failure?.retryAfter == expected)
        #expect(try read(503, "", headers: headers).failure?.retryAfter == expected)
        #expect(try read(500, "", headers: headers).failure?.retryAfter == nil)
    }

    @Test func retryAfterIsTakenAgainstTheRepliesOwnDate() throws {
        let headers = [
            NamedValue("Date", "Mon, 01 Jan 2035 00:00:00 GMT"),
            NamedValue("Retry-After", "Mon, 01 Jan 2035 00:02:00 GMT"),
        ]
        #expect(try read(429, "", headers: headers).failure?.retryAfter == .seconds(120))
        let twice = [NamedValue("Retry-After", "5"), NamedValue("retry-after", "9")]
        #expect(try read(429, "", headers: twice).failure?.retryAfter == nil)
    }
}
