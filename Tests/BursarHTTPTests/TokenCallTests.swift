// From header fields, form, JSON and query to a token request.
import BursarCore
import BursarGateway
import Testing

@testable import BursarHTTP

@Suite struct TokenCallTests {
    private static let tenant = "0190d5b1-0000-7000-8000-000000000001"
    private let bearer = ("Authorization", "Bearer s")

    private func call(_ http: HTTPRequest) throws(RequestFault) -> TokenRequest {
        try TokenCall(http, area: .oauth, form: try TokenCall.form(http)).request
    }

    private func flaw(_ http: HTTPRequest) -> RequestFault? {
        fault { () throws(RequestFault) in _ = try call(http) }
    }

    @Test func everyParameterIsReadFromTheForm() throws {
        let asked = try call(
            formRequest(
                "provider=zertiban&environment=sandbox&scope=a+b&min_ttl=60&rejected=7"
                    + "&origin=https%3A%2F%2Fx",
                [bearer, ("X-Tenant-Id", Self.tenant)]))
        #expect(asked.provider?.text == "zertiban")
        #expect(asked.environment == .sandbox)
        #expect(asked.scope == "a b")
        #expect(asked.demand == TokenDemand(minimumLife: .seconds(60), newerThan: Generation(7)))
        #expect(asked.origin == "https://x")
        #expect(asked.tenant?.description == Self.tenant)
    }

    @Test func everyParameterIsReadFromTheQuery() throws {
        let asked = try call(
            request(
                .token,
                query: "provider=zertiban&environment=production&scope=a&min_ttl=0&rejected=0&origin=o",
                [bearer]))
        #expect(asked.provider?.text == "zertiban")
        #expect(asked.environment == .production)
        #expect(asked.scope == "a")
        #expect(asked.demand == TokenDemand(minimumLife: .zero, newerThan: Generation(0)))
        #expect(asked.origin == "o")
    }

    @Test func nothingIsNamedByDefault() throws {
        let asked = try call(request(.token, query: "provider=&unknown=1", [bearer]))
        #expect(asked.provider == nil && asked.environment == nil && asked.scope == nil)
        #expect(asked.demand == .any && asked.origin == nil && asked.tenant == nil)
    }

    @Test func sameValueInTwoPlacesIsFine() throws {
        let asked = try call(formRequest("provider=zatlas", query: "provider=zatlas", [bearer]))
        #expect(asked.provider?.text == "zatlas")
    }

    @Test(arguments: ["provider", "environment", "scope", "min_ttl", "rejected", "origin"])
    func differentValuesInTwoPlacesAreRefused(name: String) {
        #expect(flaw(formRequest("\(name)=1", query: "\(name)=2", [bearer])) == .contradiction(name))
    }

    @Test func originHeaderCounts() throws {
        #expect(try call(request(.token, [bearer, ("Origin", "https://a")])).origin == "https://a")
        let contradicting = request(.token, query: "origin=https://b", [bearer, ("Origin", "https://a")])
        #expect(flaw(contradicting) == .contradiction("origin"))
        let twice = request(.token, [bearer, ("Origin", "https://a"), ("origin", "https://a")])
        #expect(flaw(twice) == .fieldRepeated("Origin"))
    }

    @Test(arguments: ["client_secret", "access_token", "refresh_token", "token", "client%5Fsecret"])
    func secretInTheQueryIsRefusedUnread(name: String) {
        let plain = name.replacing("%5F", with: "_")
        #expect(flaw(request(.token, query: "\(name)=x", [bearer])) == .secretInQuery(plain))
        #expect(flaw(request(.token, query: name, [bearer])) == .secretInQuery(plain))
    }

    @Test(arguments: [
        ("provider=NOPE!", RequestFault.providerMalformed), ("provider=Zatlas", .providerMalformed),
        ("environment=live", .environmentUnknown), ("environment=Sandbox", .environmentUnknown),
        ("min_ttl=-1", .numberMalformed("min_ttl")), ("min_ttl=1.5", .numberMalformed("min_ttl")),
        ("min_ttl=%2B1", .numberMalformed("min_ttl")), ("rejected=abc", .numberMalformed("rejected")),
        ("rejected=0x1", .numberMalformed("rejected")), ("a=1&a=2", .query(.repeated("a"))),
        ("a=%zz", .query(.escape)), ("a=%ff", .query(.notText)),
    ]) func malformedParameterIsNamed(query: String, expected: RequestFault) {
        #expect(flaw(request(.token, query: query, [bearer])) == expected)
    }

    @Test func hugeNumbersOverflowNothing() throws {
        let asked = try call(
            request(.token, query: "min_ttl=99999999999999999999999&rejected=99999999999999999999", [bearer]))
        #expect(asked.demand.minimumLife == .seconds(31_536_000))
        #expect(asked.demand.newerThan == Generation(.max))
    }

    @Test(arguments: ["x", "", "0190d5b1", "0190d5b1-0000-7000-8000-00000000000g"])
    func tenantMustBeAUUID(text: String) {
        #expect(flaw(request(.token, [bearer, ("x-tenant-id", text)])) == .tenantMalformed)
    }

    @Test func tenantThatStandsTwiceIsRefused() {
        let fields = [bearer, ("x-tenant-id", Self.tenant), ("X-Tenant-ID", Self.tenant)]
        #expect(flaw(request(.token, fields)) == .fieldRepeated("x-tenant-id"))
    }

    // MARK: Bodies

    @Test(arguments: [
        "application/x-www-form-urlencoded", "application/x-www-form-urlencoded;charset=UTF-8",
        "Application/X-WWW-Form-URLEncoded ; charset=utf-8",
    ]) func formMayNameItsCharset(type: String) throws {
        #expect(try call(formRequest("scope=a", type: type, [bearer])).scope == "a")
    }

    @Test(arguments: ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
    func otherMediaTypeIsRefused(type: String) {
        #expect(flaw(formRequest("scope=a", type: type, [bearer])) == .mediaType(MediaType.form))
    }

    @Test func bodyWithoutATypeIsRefusedUnlessEmpty() throws {
        #expect(flaw(request(.oauthToken, body: "scope=a", [bearer])) == .mediaType(MediaType.form))
        #expect(try call(request(.oauthToken, [bearer])).scope == nil)
    }

    @Test func encodedBodyIsRefused() {
        #expect(flaw(formRequest("scope=a", [bearer, ("Content-Encoding", "gzip")])) == .encoded)
    }

    @Test func repeatedFormMemberIsRefused() {
        #expect(flaw(formRequest("scope=a&scope=a", [bearer])) == .form(.repeated("scope")))
    }
}

@Suite struct CheckoutCallTests {
    private func checkout(_ body: String, query: String = "") throws(RequestFault) -> CheckoutCall {
        try CheckoutCall(
            request(
                .checkoutAuth, query: query, body: body,
                [("Authorization", "Bearer s"), ("Content-Type", "application/json; charset=utf-8")]))
    }

    private func flaw(_ body: String, query: String = "") -> RequestFault? {
        fault { () throws(RequestFault) in _ = try checkout(body, query: query) }
    }

    @Test func membersAndParametersAreToldApart() throws {
        let read = try checkout(
            #"{"customer_id":"c","invoice_id":"i","subject":"s","provider":"alternative","#
                + #""environment":"sandbox"}"#
        )
        #expect(read.members == ["customer_id": "c", "invoice_id": "i", "subject": "s"])
        #expect(read.call.request.provider?.text == "alternative")
        #expect(read.call.request.environment == .sandbox)
    }

    @Test func parametersMayStandInTheQuery() throws {
        #expect(
            try checkout("{}", query: "provider=alternative").call.request.provider?.text == "alternative")
        #expect(flaw(#"{"provider":"zatlas"}"#, query: "provider=phoenix") == .contradiction("provider"))
    }

    @Test func emptyMemberIsAbsent() throws { #expect(try checkout(#"{"subject":""}"#).members.isEmpty) }

    @Test func memberThatIsNoStringIsNamed() {
        #expect(flaw(#"{"customer_id":1}"#) == .json(.notAString("customer_id")))
    }

    @Test func membersAreBoundedAndPrintable() {
        let long = String(repeating: "é", count: ScopedRequest.memberLimit)
        #expect(flaw(#"{"subject":"\#(long)"}"#) == nil)
        #expect(flaw(#"{"subject":"\#(long)x"}"#) == .memberTooLong("subject"))
        #expect(flaw(#"{"subject":"a\u0000"}"#) == .memberUnprintable("subject"))
        #expect(flaw(#"{"subject":"a\nb"}"#) == .memberUnprintable("subject"))
    }

    @Test func formIsNotJSON() {
        let http = request(.checkoutAuth, body: "a=1", [("Content-Type", MediaType.form)])
        #expect(fault { () throws(RequestFault) in _ = try CheckoutCall(http) } == .mediaType(MediaType.json))
    }
}
