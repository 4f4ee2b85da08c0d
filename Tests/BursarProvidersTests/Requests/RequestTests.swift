// Requests, where the built-in providers' fixtures do not reach.
import BursarCore
import Foundation
import Testing

@testable import BursarProviders

@Suite struct RequestTests {
    static let secret = "a+b/c=%&:é"

    func grant(
        _ token: TokenEndpoint, id: String = "id", secret: Secret = Secret(secret), scope: String? = nil,
        step: TokenGrant.Step = .full, refresh: RefreshEndpoint? = nil
    ) throws -> TokenGrant {
        let profile = ProviderProfile(
            id: try #require(ProviderID("test")), name: "Test", environments: [.sandbox: "https://p.example"],
            token: token, refresh: refresh)
        return TokenGrant(
            profile: profile, environment: .sandbox, clientID: id, clientSecret: secret, scope: scope,
            step: step,
            deadline: .seconds(1))
    }

    func authorization(_ request: ProviderRequest) -> String? {
        request.headers.first { $0.name == "Authorization" }?.value
    }

    @Test func secretArrivesIntactInAFormBody() throws {
        let request = try TokenRequest.make(try grant(TokenEndpoint(path: "/t", authentication: .body)))
        let body = request.body.revealText()
        #expect(
            body == "grant_type=client_credentials&client_id=id&client_secret=a%2Bb%2Fc%3D%25%26%3A%C3%A9")
        #expect(authorization(request) == nil)
    }

    @Test func secretArrivesIntactInAJSONBody() throws {
        let secret = RequestTests.secret + "\"\\\n\u{1}"
        let endpoint = TokenEndpoint(path: "/t", authentication: .body, body: .json)
        let request = try TokenRequest.make(try grant(endpoint, secret: Secret(secret)))
        let document = try JSONReader.read(request.body.reveal())
        #expect(document["client_secret"] == .string(secret))
        #expect(document["grant_type"] == .string("client_credentials"))
        #expect(request.headers.contains(NamedValue("Content-Type", "application/json")))
    }

    @Test func secretArrivesIntactByRawBasic() throws {
        let request = try TokenRequest.make(try grant(TokenEndpoint(path: "/t", authentication: .basicRaw)))
        let expected = Data("id:a+b/c=%&:é".utf8).base64EncodedString()
        #expect(authorization(request) == "Basic \(expected)")
        #expect(request.body.revealText() == "grant_type=client_credentials")
    }

    @Test func secretArrivesIntactByFormEncodedBasic() throws {
        let endpoint = TokenEndpoint(path: "/t", authentication: .basicForm)
        let request = try TokenRequest.make(try grant(endpoint, id: "i:d e"))
        let expected = Data("i%3Ad+e:a%2Bb%2Fc%3D%25%26%3A%C3%A9".utf8).base64EncodedString()
        #expect(authorization(request) == "Basic \(expected)")
    }

    @Test func rawBasicRefusesAnIdWithAColon() throws {
        let grant = try grant(TokenEndpoint(path: "/t", authentication: .basicRaw), id: "a:b")
        #expect(throws: ExchangeFailure(.invalidClient)) { try TokenRequest.make(grant) }
    }

    @Test func secretThatIsNotUTF8CannotStandInJSON() throws {
        let secret = Secret([0xff, 0xfe])
        let json = try grant(TokenEndpoint(path: "/t", authentication: .body, body: .json), secret: secret)
        #expect(throws: ExchangeFailure(.invalidClient)) { try TokenRequest.make(json) }
        let form = try grant(TokenEndpoint(path: "/t", authentication: .body), secret: secret)
        #expect(try TokenRequest.make(form).body.revealText().hasSuffix("client_secret=%FF%FE"))
    }

    @Test func fieldsAreRenamedLeftOutAndAdded() throws {
        var endpoint = TokenEndpoint(path: "https://other.example/t?v=1", authentication: .body, body: .json)
        endpoint.fields = [
            .clientID: "appId", .clientSecret: "appSecret", .grantType: nil as String?, .scope: "rights",
        ]
        endpoint.parameters = [NamedValue("audience", "a b"), NamedValue("lifetime", "600")]
        endpoint.headers = [NamedValue("x-api-version", "2"), NamedValue("accept", "application/vnd.p+json")]
        let request = try TokenRequest.make(try grant(endpoint, secret: Secret("s"), scope: "pay refund"))
        #expect(
            request.body.revealText()
                == #"{"appId":"id","appSecret":"s","rights":"pay refund","audience":"a b","lifetime":"600"}"#)
        #expect(request.url.text == "https://other.example/t?v=1")
        #expect(request.headers.contains(NamedValue("x-api-version", "2")))
        #expect(
            request.headers.filter { $0.name.lowercased() == "accept" }.map(\.value) == [
                "application/vnd.p+json"
            ])
    }

    @Test(arguments: [
        (ClientAuthentication.none, "grant_type=refresh_token&refresh_token=r%3D", nil),
        (.body, "grant_type=refresh_token&refresh_token=r%3D&client_id=id&client_secret=s", nil),
        (.basicRaw, "grant_type=refresh_token&refresh_token=r%3D", "Basic aWQ6cw=="),
        (.basicForm, "grant_type=refresh_token&refresh_token=r%3D", "Basic aWQ6cw=="),
    ])
    func refreshAuthenticates(_ style: ClientAuthentication, _ body: String, _ header: String?) throws {
        let grant = try grant(
            TokenEndpoint(path: "/t", authentication: .body), secret: Secret("s"), scope: "pay",
            step: .refresh(Secret("r=")), refresh: RefreshEndpoint(path: "/r", authentication: style))
        let request = try TokenRequest.make(grant)
        #expect(request.url.text == "https://p.example/r")
        #expect(request.body.revealText() == body)
        #expect(authorization(request) == header)
    }

    @Test func refreshWithoutARefreshEndpointIsIncomplete() throws {
        let grant = try grant(
            TokenEndpoint(path: "/t", authentication: .body), step: .refresh(Secret("r")))
        #expect(throws: ExchangeFailure(.profileIncomplete)) { try TokenRequest.make(grant) }
    }

    @Test func headerWithALineBreakIsNotSent() throws {
        var endpoint = TokenEndpoint(path: "/t", authentication: .body)
        for value in ["a\r\nX: y", "a\nb", "a\0b", "é"] {
            endpoint.headers = [NamedValue("x", value)]
            let grant = try grant(endpoint)
            #expect(throws: ExchangeFailure(.profileIncomplete)) { try TokenRequest.make(grant) }
        }
    }

    @Test func scopedFormIsEncodedAfterFilling() throws {
        let parameters = [TemplatedValue("ref", try #require(Template("c-{customer_id}")))]
        var profile = try grant(TokenEndpoint(path: "/t", authentication: .body)).profile
        profile.scoped = ScopedEndpoint(
            path: "/s", method: "PUT", body: .form, parameters: parameters, claims: [])
        func make(_ token: String, _ values: [String: String]) throws -> ProviderRequest {
            try ScopedRequest.make(
                ScopedGrant(
                    profile: profile, environment: .sandbox, accessToken: Secret(token), values: values,
                    deadline: .seconds(1), now: Instant(seconds: 0)))
        }
        let request = try make("tok", ["customer_id": "1&x={y}"])
        #expect(request.method == "PUT")
        #expect(request.body.revealText() == "ref=c-1%26x%3D%7By%7D")
        #expect(authorization(request) == "Bearer tok")
        #expect(throws: ExchangeFailure(.profileIncomplete)) { try make("tok", [:]) }
        #expect(throws: ExchangeFailure(.tokenMalformed)) { try make("t\r\nX: y", ["customer_id": "1"]) }
    }

    @Test func requestPrintsNoSecret() throws {
        let request = try TokenRequest.make(
            try grant(TokenEndpoint(path: "/t?k=v", authentication: .basicRaw)))
        var dumped = ""
        dump(request, to: &dumped)
        for text in ["\(request)", String(reflecting: request), dumped] {
            #expect(!text.contains("Basic") && !text.contains("k=v") && !text.contains("grant_type"))
        }
    }
}
