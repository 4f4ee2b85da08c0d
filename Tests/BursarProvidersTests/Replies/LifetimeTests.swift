// `expires_in` in every shape that providers have been seen to send.
import BursarCore
import Testing

@testable import BursarProviders

@Suite struct LifetimeTests {
    /// 2026-10-04T12:00:00Z
    static let now = Instant(seconds: 1_791_115_200)

    func lifetime(_ body: String, _ change: (inout ProviderProfile) -> Void = { _ in }) throws -> Duration? {
        var profile = ProviderProfile(
            id: try #require(ProviderID("test")), name: "Test", environments: [:],
            token: TokenEndpoint(path: nil, authentication: .body))
        change(&profile)
        let reply = ProviderReply(
            status: 200, headers: [], body: Array("{\"access_token\":\"t\"\(body)}".utf8),
            sentAt: LifetimeTests.now)
        switch TokenReplyReader.read(reply, profile: profile, step: .full) {
        case .success(let token): return token.lifetime
        case .failure(let failure):
            #expect(failure == ExchangeFailure(.lifetimeInvalid), "\(body)")
            return nil
        }
    }

    static let seconds: [(String, Int?)] = [
        ("300", 300), ("300.0", 300), ("300.999", 300), ("3e2", 300), ("3.0E+2", 300), ("1", 1), ("1.5", 1),
        ("\"300\"", 300), ("\"300.0\"", 300), ("\"3600.5\"", 3600), ("86399", 86_399), ("86400", 86_400),
        ("86401", 86_400), ("1000000000000", 86_400), ("99999999999999999999999", 86_400), ("1e308", 86_400),
        ("1e400", 86_400), ("\"1e400\"", 86_400), ("\"1000000000000\"", 86_400), ("null", 60),
        ("0", nil), ("0.0", nil), ("-0", nil), ("0.9", nil), ("1e-400", nil), ("-1", nil), ("-300.5", nil),
        ("-1e400", nil), ("\"0\"", nil), ("\"-5\"", nil), ("\"abc\"", nil), ("\"\"", nil), ("\" 300\"", nil),
        ("\"300 \"", nil), ("\"300s\"", nil), ("\"+300\"", nil), ("\"0x10\"", nil), ("\"NaN\"", nil),
        ("\"Infinity\"", nil), ("\"1e\"", nil), ("true", nil), ("false", nil), ("{}", nil), ("[300]", nil),
    ]

    @Test(arguments: seconds) func expiresIn(_ text: String, _ seconds: Int?) throws {
        #expect(try lifetime(",\"expires_in\":\(text)") == seconds.map { .seconds($0) })
    }

    @Test func missingTakesTheProfilesValue() throws {
        #expect(try lifetime("") == .seconds(60))
        #expect(try lifetime("", { $0.lifetime.whenMissing = .seconds(5) }) == .seconds(5))
        #expect(try lifetime("", { $0.lifetime.atMost = .seconds(30) }) == .seconds(30))
        #expect(try lifetime(",\"expires_in\":5", { $0.reply.expiresIn = nil }) == .seconds(60))
    }

    @Test func millisecondsWhereTheProfileSaysSo() throws {
        let inMilliseconds = { (profile: inout ProviderProfile) in profile.lifetime.unit = .milliseconds(1) }
        #expect(try lifetime(",\"expires_in\":300000", inMilliseconds) == .seconds(300))
        #expect(try lifetime(",\"expires_in\":1500.9", inMilliseconds) == .milliseconds(1_500))
        #expect(try lifetime(",\"expires_in\":1e15", inMilliseconds) == .seconds(86_400))
    }

    static let ends: [(String, Int?)] = [
        ("\"2026-10-04T12:05:00Z\"", 300), ("\"2026-10-04T12:05:00.999Z\"", 300),
        ("\"2026-10-04t14:05:00+02:00\"", 300), ("\"2026-10-04T06:35:00-05:30\"", 300), ("1791115500", 300),
        ("\"1791115500\"", 300), ("1791115500.9", 300), ("\"2030-01-01T00:00:00Z\"", 86_400),
        ("1e308", 86_400),
        ("null", 60), ("\"2026-10-04T12:00:00Z\"", nil), ("\"2026-10-04T11:59:59Z\"", nil),
        ("1791115200", nil),
        ("0", nil), ("-5", nil), ("\"2026-10-04\"", nil), ("\"2026-13-04T12:05:00Z\"", nil),
        ("\"2026-10-04T12:05:00\"", nil), ("\"2026-10-04T12:05:00.Z\"", nil), ("\"soon\"", nil),
        ("true", nil),
    ]

    @Test(arguments: ends) func expiresAt(_ text: String, _ seconds: Int?) throws {
        let change = { (profile: inout ProviderProfile) in profile.reply.expiresAt = "/end" }
        #expect(try lifetime(",\"end\":\(text)", change) == seconds.map { .seconds($0) })
    }

    @Test func expiresInComesBeforeExpiresAt() throws {
        let change = { (profile: inout ProviderProfile) in profile.reply.expiresAt = "/end" }
        #expect(try lifetime(",\"expires_in\":7,\"end\":1791115500", change) == .seconds(7))
        #expect(try lifetime(",\"expires_in\":null,\"end\":1791115500", change) == .seconds(300))
    }
}
