// A token for one invoice is not handed out for another (PROVIDERS A2).
import BursarCore
import Foundation
import Testing

@testable import BursarProviders

@Suite struct ScopedReplyTests {
    func read(_ token: String, customer: String = "42") throws -> Result<ScopedReply, ExchangeFailure> {
        var profile = ProviderProfile(
            id: try #require(ProviderID("test")), name: "Test", environments: [:],
            token: TokenEndpoint(path: nil, authentication: .body))
        let claim = TemplatedValue("customer_id", try #require(Template("{customer_id}")))
        profile.scoped = ScopedEndpoint(path: "/s", parameters: [], claims: [claim])
        let grant = ScopedGrant(
            profile: profile, environment: .sandbox, accessToken: Secret("t"),
            values: ["customer_id": customer],
            deadline: .seconds(1), now: Instant(seconds: 1_000))
        let body = Array("{\"token\":\"\(token)\"}".utf8)
        let reply = ProviderReply(status: 200, headers: [], body: body, sentAt: grant.now)
        return ScopedReplyReader.read(reply, grant: grant)
    }

    func jwt(_ claims: String) -> String {
        let payload = Data(claims.utf8).base64EncodedString().replacing("+", with: "-").replacing(
            "/", with: "_"
        )
        .replacing("=", with: "")
        return "e30.\(payload).sig"
    }

    @Test func numbersAreComparedByTheirText() throws {
        #expect(try read(jwt(#"{"customer_id":42,"exp":1060}"#)).get().lifetime == .seconds(60))
        #expect(try read(jwt(#"{"customer_id":"42","exp":1060.9}"#)).get().lifetime == .seconds(60))
        for claim in ["42.0", "4.2e1", "\"042\"", "\"42 \"", "null", "[42]", "{\"id\":42}", "true"] {
            let failure = try read(jwt("{\"customer_id\":\(claim),\"exp\":1060}")).failure
            #expect(failure == ExchangeFailure(.claimsMismatch), "\(claim)")
        }
    }

    /// U+212A, the Kelvin sign, is canonically equal to K.
    @Test func lookAlikesAreNotTheSame() throws {
        let failure = try read(jwt("{\"customer_id\":\"\u{212a}\",\"exp\":1060}"), customer: "K").failure
        #expect(failure == ExchangeFailure(.claimsMismatch))
    }

    @Test(arguments: ["1000", "999", "1000.5", "-1", "\"1060\"", "null", "true", "{}"])
    func badEnd(_ exp: String) throws {
        let failure = try read(jwt("{\"customer_id\":\"42\",\"exp\":\(exp)}")).failure
        #expect(failure == ExchangeFailure(.lifetimeInvalid))
    }

    @Test func lifeIsCapped() throws {
        #expect(try read(jwt(#"{"customer_id":"42","exp":1e400}"#)).get().lifetime == .seconds(86_400))
    }

    @Test(arguments: [
        "opaque", "a.b", "e30.e30", "e30.e30.s.x", ".e30.s", "e30..s", "e30.!!!.s", "e30.e30=.s", "e30.W10.s",
        "e30.eyJhIjoxLCJhIjoyfQ.s",
    ])
    func whatIsNoJWTIsRefused(_ token: String) throws {
        let failure = try read(token).failure
        #expect(failure == ExchangeFailure(.tokenMalformed))
    }
}
