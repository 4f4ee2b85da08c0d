// Runs every fixture file against its profile.
import BursarCore
import Foundation
import Testing

@testable import BursarProviders

@Suite struct FixtureTests {
    @Test func everyBuiltInProfileHasAFixture() {
        let built = Set(EmbeddedFiles.all.map { $0.name.replacing(".yaml", with: "") })
        #expect(built == Set(Fixture.all.map(\.provider)))
        #expect(built.isSuperset(of: ["zatlas", "alternative", "phoenix", "paymentapi", "zertiban"]))
    }

    @Test(arguments: Fixture.all) func requestsAndRepliesAreAsTheFixtureSays(_ fixture: Fixture) throws {
        let profile = try fixture.profile()
        #expect(!fixture.cases.isEmpty)
        for node in fixture.cases {
            let exchange = try FixtureExchange(node, profile: profile)
            try exchange.checkRequest()
            for reply in node["replies"]?.elements ?? [] { try exchange.check(reply) }
        }
    }
}

/// One case of a fixture.
private struct FixtureExchange {
    let node: ProfileNode
    let profile: ProviderProfile
    let environment: ProviderEnvironment
    var name: String { "\(profile.id): \(node["name"]?.text ?? "?")" }

    init(_ node: ProfileNode, profile: ProviderProfile) throws {
        self.node = node
        self.profile = profile
        environment = try #require(node["environment"]?.text.flatMap(ProviderEnvironment.init))
    }

    var now: Instant { Instant(seconds: node["now"]?.text.flatMap(Int64.init) ?? 0) }
    var isScoped: Bool { node["step"]?.text == "scoped" }

    var tokenGrant: TokenGrant {
        let refresh = node["refresh_token"]?.text
        return TokenGrant(
            profile: profile, environment: environment,
            clientID: node["credential"]?["client_id"]?.text ?? "",
            clientSecret: Secret(node["credential"]?["client_secret"]?.text ?? ""),
            scope: node["scope"]?.text,
            step: refresh.map { .refresh(Secret($0)) } ?? .full, deadline: .seconds(1))
    }

    var scopedGrant: ScopedGrant {
        ScopedGrant(
            profile: profile, environment: environment, accessToken: Secret(node["access_token"]?.text ?? ""),
            values: node["values"]?.pairs ?? [:], deadline: .seconds(1), now: now)
    }

    func checkRequest() throws {
        let request: ProviderRequest
        do {
            request = isScoped ? try ScopedRequest.make(scopedGrant) : try TokenRequest.make(tokenGrant)
        } catch {
            #expect(error.reason.rawValue == node["fails"]?.text, "\(name)")
            return
        }
        let expected = try #require(node["request"], "\(name): should have failed")
        #expect(request.method == expected["method"]?.text, "\(name)")
        #expect(request.url.text == expected["url"]?.text, "\(name)")
        #expect(request.body.revealText() == expected["body"]?.text, "\(name)")
        var headers = expected["headers"]?.pairs ?? [:]
        headers["Accept"] = headers["Accept"] ?? "application/json"
        headers["User-Agent"] = headers["User-Agent"] ?? "bursar"
        #expect(
            Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) }) == headers,
            "\(name)")
    }

    func check(_ node: ProfileNode) throws {
        let jwt = node["claims"]?.text.map(Self.jwt) ?? ""
        let body = (node["body"]?.text ?? "").replacing("$JWT", with: jwt)
        let reply = ProviderReply(
            status: try #require(node["status"]?.text.flatMap(Int.init)),
            headers: (node["headers"]?.pairs ?? [:]).map { NamedValue($0.key, $0.value) },
            body: Array(body.utf8), sentAt: now)
        let place = Comment(rawValue: "\(name): \(node.place)")
        let expectedToken = node["gives"]?["access_token"]?.text?.replacing("$JWT", with: jwt)
        let expectedLife = node["gives"]?["lifetime"]?.text.flatMap(DurationText.duration)
        let failure: ExchangeFailure?
        if isScoped {
            let result = ScopedReplyReader.read(reply, grant: scopedGrant)
            let token = try? result.get()
            failure = result.failure
            #expect(token?.token.revealText() == expectedToken, place)
            #expect(token?.lifetime == expectedLife, place)
        } else {
            let step: ExchangeStep = self.node["step"]?.text == "refresh" ? .refresh : .full
            let result = TokenReplyReader.read(reply, profile: profile, step: step)
            let token = try? result.get()
            failure = result.failure
            #expect(token?.accessToken.revealText() == expectedToken, place)
            #expect(token?.lifetime == expectedLife, place)
            #expect(token?.refreshToken?.revealText() == node["gives"]?["refresh_token"]?.text, place)
        }
        #expect(failure?.reason.rawValue == node["fails"]?.text, place)
        #expect(failure?.retryAfter == node["retry_after"]?.text.flatMap(DurationText.duration), place)
    }

    static func jwt(_ claims: String) -> String {
        let parts = [#"{"alg":"RS256"}"#, claims, "signature"].map { part in
            Data(part.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
                .replacing("=", with: "")
        }
        return parts.joined(separator: ".")
    }
}

extension Result {
    var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}
