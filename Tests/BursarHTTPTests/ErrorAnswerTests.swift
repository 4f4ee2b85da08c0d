// The error table, row by row.
import BursarCore
import Testing

@testable import BursarGateway
@testable import BursarHTTP

/// The error table of docs/API.md section 4, row by row.
@Suite struct ErrorAnswerTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let refusal: Refusal
        let status: Int
        let oauthStatus: Int
        let error: String
        let fault: String
        let retry: String?
        var testDescription: String { "\(refusal)" }

        init(
            _ refusal: Refusal, _ status: Int, oauth: Int? = nil, _ error: String, _ fault: String,
            retry: String? = nil
        ) {
            self.refusal = refusal
            self.status = status
            oauthStatus = oauth ?? status
            self.error = error
            self.fault = fault
            self.retry = retry
        }
    }

    static let rows: [Row] = [
        Row(.clientUnknown, 401, "invalid_client", "caller"),
        Row(.tenantNotNamed, 400, "invalid_request", "caller"),
        Row(.tenantNotTheirs, 403, oauth: 400, "unauthorized_client", "caller"),
        Row(.tenantSuspended, 403, oauth: 400, "unauthorized_client", "caller"),
        Row(.originRefused, 403, oauth: 400, "unauthorized_client", "caller"),
        Row(.sharedTokenRefused, 403, oauth: 400, "unauthorized_client", "caller"),
        Row(.targetUnknown([]), 400, "invalid_target", "caller"),
        Row(.targetAmbiguous([]), 400, "invalid_target", "caller"),
        Row(.scopedUnsupported, 400, "invalid_target", "caller"),
        Row(.scopeUnknown("x\"\\é\n"), 400, "invalid_scope", "caller"),
        Row(.memberMissing("subject"), 400, "invalid_request", "caller"),
        Row(.limited(retryAfter: .milliseconds(1_200)), 429, "temporarily_unavailable", "caller", retry: "2"),
        Row(.credentialPending, 400, "unauthorized_client", "credential"),
        Row(.credentialRejected(retryAfter: .seconds(300)), 400, "unauthorized_client", "credential"),
        Row(.profileIncomplete, 503, "temporarily_unavailable", "gateway", retry: "60"),
        Row(.directoryUnavailable, 503, "temporarily_unavailable", "gateway", retry: "1"),
        Row(.statementUnrecorded, 503, "temporarily_unavailable", "gateway", retry: "1"),
        Row(
            .unavailable(.serverError, retryAfter: .zero), 503, "temporarily_unavailable", "provider",
            retry: "1"),
        Row(
            .unavailable(.overloaded, retryAfter: .seconds(10)), 503, "temporarily_unavailable", "gateway",
            retry: "10"),
    ]

    @Test(arguments: rows) func refusalIsAnsweredAsTheContractSays(row: Row) throws {
        for (area, status) in [(Area.api, row.status), (.oauth, row.oauthStatus)] {
            let response = row.refusal.answer(area, scheme: .basic).response()
            #expect(response.status.rawValue == status)
            #expect(response.text.contains("\"error\":\"\(row.error)\""))
            #expect(response.text.contains("\"fault\":\"\(row.fault)\""))
            #expect(response.text.contains("\"retryable\":\(row.retry != nil)"))
            #expect(response.values(of: "Retry-After") == (row.retry.map { [$0] } ?? []))
            #expect(response.values(of: "WWW-Authenticate").count == (status == 401 ? 1 : 0))
            checkForm(response)
        }
    }

    @Test func everyReasonOfAFailureHasWords() {
        for reason in FailureReason.allCases {
            let response = Refusal.unavailable(reason, retryAfter: .seconds(1)).answer(.api, scheme: .form)
                .response()
            #expect(response.status == .serviceUnavailable)
            #expect(response.text.contains("\"fault\":\"\(reason.fault.rawValue)\""))
            checkForm(response)
        }
    }

    /// What every error has, whatever it says.
    private func checkForm(_ response: HTTPResponse) {
        #expect(response.values(of: "Content-Type") == ["application/json"])
        #expect(response.values(of: "Cache-Control") == ["no-store"])
        #expect(response.values(of: "Pragma") == ["no-cache"])
        let description =
            response.text.split(separator: "\"error_description\":\"").last?.prefix { $0 != "\"" } ?? ""
        #expect(!description.isEmpty)
        #expect(description.utf8.allSatisfy { (0x20...0x7e).contains($0) && $0 != 0x22 && $0 != 0x5c })
    }

    @Test func challengeMatchesWhatWasTried() {
        func challenge(_ area: Area, _ scheme: AuthenticationScheme) -> [String] {
            Refusal.clientUnknown.answer(area, scheme: scheme).response().values(of: "WWW-Authenticate")
        }
        let basic = #"Basic realm="bursar", charset="UTF-8""#
        let bearer = #"Bearer realm="bursar", error="invalid_token""#
        #expect(challenge(.oauth, .basic) == [basic])
        #expect(challenge(.api, .basic) == [basic])
        #expect(challenge(.oauth, .bearer) == [bearer])
        #expect(challenge(.api, .bearer) == [bearer])
        #expect(challenge(.oauth, .form) == [basic])
        let untried = RequestFault.authenticationMissing
        #expect(untried.answer(.oauth).response().values(of: "WWW-Authenticate") == [basic])
        #expect(untried.answer(.api).response().values(of: "WWW-Authenticate") == [#"Bearer realm="bursar""#])
    }

    @Test func choicesAreListed() {
        let choices = [("zertiban", ProviderEnvironment.sandbox), ("zatlas", .production)].map {
            ConnectionChoice(provider: ProviderID($0.0)!, environment: $0.1)
        }
        for refusal in [Refusal.targetUnknown(choices), .targetAmbiguous(choices)] {
            let response = refusal.answer(.oauth, scheme: .basic).response()
            #expect(response.text.contains("zatlas/production, zertiban/sandbox"))
        }
    }

    static let faults: [(RequestFault, Int, String)] = [
        (.pathUnknown, 404, "invalid_request"), (.methodNotAllowed([.post]), 405, "invalid_request"),
        (.authenticationMissing, 401, "invalid_client"),
        (.authorizationUnreadable(.basicWithoutColon), 401, "invalid_client"),
        (.authorizationUnreadable(.basicNotBase64), 401, "invalid_client"),
        (.authorizationUnreadable(.bearerMalformed), 401, "invalid_client"),
        (.authorizationUnreadable(.schemeUnknown), 401, "invalid_client"),
        (.secretTwice, 400, "invalid_request"),
        (.clientIDMissing, 400, "invalid_request"), (.clientIDMismatch, 400, "invalid_request"),
        (.secretInQuery("token"), 400, "invalid_request"),
        (.fieldRepeated("Authorization"), 400, "invalid_request"),
        (.mediaType("x"), 415, "invalid_request"), (.encoded, 415, "invalid_request"),
        (.form(.repeated("é\"")), 400, "invalid_request"), (.form(.escape), 400, "invalid_request"),
        (.form(.notText), 400, "invalid_request"), (.query(.tooMany), 400, "invalid_request"),
        (.json(.malformed(at: 1)), 400, "invalid_request"),
        (.json(.notAString("\n\\")), 400, "invalid_request"),
        (.contradiction("scope"), 400, "invalid_request"), (.tenantMalformed, 400, "invalid_request"),
        (.providerMalformed, 400, "invalid_target"), (.environmentUnknown, 400, "invalid_target"),
        (.numberMalformed("min_ttl"), 400, "invalid_request"), (.grantTypeMissing, 400, "invalid_request"),
        (.grantTypeUnsupported, 400, "unsupported_grant_type"), (.tokenMissing, 400, "invalid_request"),
        (.memberTooLong("é"), 400, "invalid_request"), (.memberUnprintable("x"), 400, "invalid_request"),
    ]

    @Test(arguments: faults.indices) func requestFaultIsAnsweredAsTheContractSays(index: Int) {
        let (fault, status, error) = Self.faults[index]
        for area in [Area.oauth, .api] {
            let response = fault.answer(area).response()
            #expect(response.status.rawValue == status)
            #expect(response.text.contains("\"error\":\"\(error)\""))
            #expect(response.text.contains("\"fault\":\"caller\",\"retryable\":false"))
            #expect(response.values(of: "WWW-Authenticate").isEmpty == (status != 401))
            #expect(response.values(of: "Allow") == (status == 405 ? ["POST"] : []))
            checkForm(response)
        }
    }

    @Test(arguments: [
        (HTTPFault.notHTTP(.syntax), 400), (.headTooLarge, 431), (.bodyTooLarge(limit: 8_192), 413),
        (.tooSlow, 408), (.unanswered, 503),
    ]) func serverFaultIsAnsweredAsTheContractSays(fault: HTTPFault, status: Int) {
        let response = fault.answer.response()
        #expect(response.status.rawValue == status)
        checkForm(response)
    }
}

@Suite struct LimitFieldsTests {
    private func fields(_ limit: RateLimit, remaining: Int, reset: Duration) -> HTTPResponse {
        var response = HTTPResponse(.ok, json: [])
        LimitFields(LimitState(limit: limit, remaining: remaining, reset: reset)).add(to: &response)
        return response
    }

    @Test func limitIsToldInWholeSecondsRoundedUp() {
        let response = fields(.standard, remaining: 98, reset: .milliseconds(40))
        #expect(response.values(of: "RateLimit-Policy") == [#""tenant";q=100;w=2"#])
        #expect(response.values(of: "RateLimit") == [#""tenant";r=98;t=1"#])
    }

    @Test func windowIsNeverZero() throws {
        let quick = try #require(RateLimit(count: 1_000_000, period: .seconds(1), burst: 1))
        let response = fields(quick, remaining: 0, reset: .zero)
        #expect(response.values(of: "RateLimit-Policy") == [#""tenant";q=1;w=1"#])
        #expect(response.values(of: "RateLimit") == [#""tenant";r=0;t=0"#])
    }
}
