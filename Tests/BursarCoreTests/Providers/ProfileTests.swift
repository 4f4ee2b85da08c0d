// Profiles as values: URLs, scopes, templates, members.
import BursarCore
import BursarTestSupport
import Testing

@Suite struct TemplateTests {
    @Test func placeholdersAreFilledIn() throws {
        let template = try #require(Template("invoice-{invoice_id}/{customer_id}."))
        #expect(template.placeholders == ["invoice_id", "customer_id"])
        #expect(template.filled(with: ["invoice_id": "7", "customer_id": "c"]) == "invoice-7/c.")
    }

    @Test func aMissingValueFillsNothing() throws {
        #expect(try #require(Template("{a}{b}")).filled(with: ["a": "1"]) == nil)
    }

    @Test func valuesWithBracesStayWhatTheyAre() throws {
        #expect(try #require(Template("{a}")).filled(with: ["a": "{b}", "b": "no"]) == "{b}")
    }

    @Test func plainTextIsATemplateToo() throws {
        #expect(try #require(Template("plain }")).filled(with: [:]) == "plain }")
        #expect(try #require(Template("")).filled(with: [:]) == "")
    }

    @Test(arguments: ["{", "{}", "a{b", "{a}{", "{a}{}"])
    func braceErrorsAreRefused(source: String) { #expect(Template(source) == nil) }
}

@Suite struct ScopeRulesTests {
    let rules = ScopeRules(
        standard: nil, allowed: ["payments", "refunds"], ignored: ["openid", "profile", "api"])

    private func unknown(_ scope: String, _ body: () throws(UnknownScope) -> String?) -> Bool {
        do throws(UnknownScope) {
            _ = try body()
            return false
        } catch {
            return error.scope == scope
        }
    }

    @Test func noScopeIsTheStandardOne() throws {
        #expect(try rules.resolve(nil) == nil)
        #expect(try rules.resolve("") == nil)
        #expect(try rules.resolve("  ") == nil)
        #expect(try ScopeRules(standard: "all").resolve(nil) == "all")
    }

    @Test func oldCallersScopesAreDropped() throws {
        #expect(try rules.resolve("openid profile api") == nil)
        #expect(try rules.resolve("openid payments") == "payments")
    }

    @Test func equalWishesAreOneWish() throws {
        #expect(try rules.resolve("refunds payments") == "payments refunds")
        #expect(try rules.resolve("payments  refunds payments") == "payments refunds")
    }

    @Test func anUnknownScopeIsRefused() {
        #expect(unknown("admin") { () throws(UnknownScope) in try rules.resolve("payments admin") })
        #expect(unknown("PAYMENTS") { () throws(UnknownScope) in try rules.resolve("PAYMENTS") })
    }

    @Test func nothingIsAllowedUnlessListed() {
        #expect(unknown("openid") { () throws(UnknownScope) in try ScopeRules().resolve("openid") })
    }
}

@Suite struct ProfileURLTests {
    @Test func pathsGoBelowTheBase() throws {
        var profile = ProviderProfile.zertiban
        #expect(try profile.url("/t", in: .sandbox) == "https://sandbox.zertiban.example/t")
        profile.environments[.sandbox] = "https://base.example/"
        #expect(try profile.url("/t", in: .sandbox) == "https://base.example/t")
    }

    @Test func absoluteURLsStandAlone() throws {
        #expect(
            try ProviderProfile.zertiban.url("https://other.example/t", in: .sandbox)
                == "https://other.example/t")
    }

    @Test func whatIsMissingIsNamed() {
        var profile = ProviderProfile.paymentAPI
        #expect(profile.gap(in: .sandbox) == nil)
        profile.refresh?.path = nil
        #expect(profile.gap(in: .sandbox) == .pathMissing)
        profile = .zertiban
        profile.environments = [.sandbox: String?.none]
        #expect(profile.gap(in: .sandbox) == .baseURLMissing(.sandbox))
        #expect(profile.gap(in: .production) == .environmentUnknown(.production))
        profile.token.path = nil
        #expect(profile.gap(in: .sandbox) == .pathMissing)
    }

    @Test func callersCannotSetWhatTheGatewayKnows() {
        #expect(ProviderProfile.alternative.scoped?.callerMembers == ["customer_id", "invoice_id"])
    }

    @Test func fieldsAreRenamedAndLeftOut() {
        let fields: [TokenField: String?] = [.clientID: "id", .grantType: String?.none]
        #expect(fields.name(of: .clientID) == "id")
        #expect(fields.name(of: .grantType) == nil)
        #expect(fields.name(of: .clientSecret) == "client_secret")
    }
}
