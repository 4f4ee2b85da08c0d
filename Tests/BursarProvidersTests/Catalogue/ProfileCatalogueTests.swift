// The five built-in profiles, and files laid over them.
import BursarCore
import Foundation
import Testing

@testable import BursarProviders

/// A folder of profile files that goes with the test.
final class ProfileFolder {
    let path: String

    init(_ files: [String: String]) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "bursar-\(UUID())")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path()
        for (name, text) in files {
            try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct ProfileCatalogueTests {
    func id(_ text: String) throws -> ProviderID { try #require(ProviderID(text)) }

    func catalogue(_ files: [String: String], _ policy: NetworkPolicy = .publicOnly) throws
        -> ProfileCatalogue
    {
        let folder = try ProfileFolder(files)
        return try withExtendedLifetime(folder) {
            try ProfileCatalogue.load(directory: folder.path, policy: policy)
        }
    }

    @Test func theFiveLoad() throws {
        let catalogue = try ProfileCatalogue.load(directory: nil)
        let ids = catalogue.all.map(\.id.text)
        #expect(ids == ["alternative", "paymentapi", "phoenix", "zatlas", "zertiban"])
        for profile in catalogue.all {
            #expect(catalogue.source(of: profile.id) == .builtIn)
            #expect(profile.environments.count == 2)
            #expect(profile.scopes.standard == nil)
            #expect(profile.lifetime.whenMissing == .seconds(60))
        }
    }

    @Test func gapsAreWhatTheDocumentsDoNotSay() throws {
        let catalogue = try ProfileCatalogue.load(directory: nil)
        func gap(_ name: String, _ environment: ProviderEnvironment) throws -> ProfileGap? {
            try #require(catalogue.profile(try id(name))).gap(in: environment)
        }
        #expect(try gap("zatlas", .sandbox) == nil)
        #expect(try gap("zatlas", .production) == nil)
        #expect(try gap("zertiban", .sandbox) == nil)
        #expect(try gap("zertiban", .production) == .baseURLMissing(.production))
        #expect(try gap("paymentapi", .sandbox) == .baseURLMissing(.sandbox))
        #expect(try gap("phoenix", .production) == .pathMissing)
        #expect(try gap("alternative", .sandbox) == .pathMissing)
    }

    @Test func fileReplacesOnlyTheKeysItNames() throws {
        let text = """
            id: zertiban
            environments: { production: { base_url: "https://api.zertiban.example" } }
            lifetime: { when_missing: 10s }
            scopes: { allowed: [pay] }
            token: { headers: { x-api: "2" } }
            """
        let catalogue = try catalogue(["zertiban.yaml": text])
        let profile = try #require(catalogue.profile(try id("zertiban")))
        #expect(profile.environments[.sandbox] == "https://nc-api-sandbox.zertiban.com")
        #expect(profile.environments[.production] == "https://api.zertiban.example")
        #expect(profile.token.authentication == .basicRaw)
        #expect(profile.token.path == "/idp/oauth2/token")
        #expect(profile.token.headers == [NamedValue("x-api", "2")])
        #expect(profile.lifetime.whenMissing == .seconds(10))
        #expect(profile.lifetime.atMost == .seconds(86_400))
        #expect(profile.scopes.allowed == ["pay"])
        #expect(profile.scopes.ignored == ["openid", "profile", "api"])
        #expect(profile.name == "Zertiban")
        guard case .builtInAndFile(let path)? = catalogue.source(of: profile.id) else {
            Issue.record("wrong source")
            return
        }
        #expect(path.hasSuffix("/zertiban.yaml"))
    }

    @Test func nullTakesABlockAwayAndLeavesAFieldOut() throws {
        let text = """
            id: paymentapi
            refresh: null
            token: { fields: { grant_type: null, client_id: appId } }
            reply: { expires_in: ~ }
            limits:
            environments: { production: null }
            """
        let profile = try #require(try catalogue(["p.yml": text]).profile(try id("paymentapi")))
        #expect(profile.refresh == nil)
        #expect(profile.token.fields[.grantType] == .some(nil))
        #expect(profile.token.fields.name(of: .grantType) == nil)
        #expect(profile.token.fields.name(of: .clientID) == "appId")
        #expect(profile.token.fields.name(of: .clientSecret) == "client_secret")
        #expect(profile.reply.expiresIn == nil)
        #expect(profile.limits == ProviderLimits())
        #expect(profile.gap(in: .production) == .environmentUnknown(.production))
    }

    static let whole = """
        id: acme-pay
        name: Acme
        environments:
          sandbox: { base_url: "https://sandbox.acme.example:8443/api" }
          production: { base_url: null }
        token:
          path: https://login.acme.example/token?v=2
          authentication: basic_form
          body: json
          fields: { client_id: appId, scope: null }
          parameters: { audience: "a: b #c", version: 2 }
          headers: { x-api-version: "1" }
        scopes: { default: pay, allowed: [pay, refund], ignored: [openid] }
        reply:
          { access_token: /data/0/token, expires_in: null, expires_at: /data/0/end,
            refresh_token: /r, token_type: ~ }
        lifetime: { unit: ms, when_missing: 500s, at_most: 15m }
        refresh:
          { path: /refresh, body: json, authentication: body, fields: { refresh_token: rt },
            parameters: { a: "1" },
            refresh_token_lifetime: 48h }
        scoped:
          { path: /s, method: PUT, body: form, authentication: bearer, token: /t,
            claims: { inv: "{invoice_id}" },
            parameters: { ref: "x-{invoice_id}-{client_id}" } }
        limits: { concurrency: 3, timeout: 2500ms }
        """

    @Test func everyKeyIsRead() throws {
        let catalogue = try catalogue(["acme.yaml": ProfileCatalogueTests.whole])
        let profile = try #require(catalogue.profile(try id("acme-pay")))
        #expect(profile.environments[.production] == .some(nil))
        #expect(profile.token.path == "https://login.acme.example/token?v=2")
        #expect(profile.token.authentication == .basicForm)
        #expect(profile.token.body == .json)
        #expect(profile.token.fields == [.clientID: "appId", .scope: nil as String?])
        #expect(profile.token.parameters == [NamedValue("audience", "a: b #c"), NamedValue("version", "2")])
        #expect(
            profile.scopes == ScopeRules(standard: "pay", allowed: ["pay", "refund"], ignored: ["openid"]))
        #expect(profile.reply.accessToken == "/data/0/token")
        #expect(profile.reply.expiresIn == nil)
        #expect(profile.reply.expiresAt == "/data/0/end")
        #expect(profile.reply.tokenType == nil)
        #expect(profile.lifetime.unit == .milliseconds(1))
        #expect(profile.lifetime.whenMissing == .seconds(500))
        #expect(profile.lifetime.atMost == .seconds(900))
        #expect(profile.refresh?.fields == [.refreshToken: "rt"])
        #expect(profile.refresh?.refreshTokenLifetime == .seconds(48 * 3600))
        #expect(profile.scoped?.method == "PUT")
        #expect(profile.scoped?.callerMembers == ["invoice_id"])
        #expect(profile.limits == ProviderLimits(concurrency: 3, timeout: .milliseconds(2_500)))
        guard case .file = catalogue.source(of: profile.id) else {
            Issue.record("wrong source")
            return
        }
    }

    @Test func whatIsShownCanBeReadAgain() throws {
        let catalogue = try catalogue(["acme.yaml": ProfileCatalogueTests.whole])
        #expect(catalogue.all.count == 6)
        for profile in catalogue.all {
            let text = try #require(catalogue.yaml(of: profile.id))
            let again = try ProfileSchema(plainHTTPOnLoopback: false).profile(try .parse(text, file: "shown"))
            #expect(again == profile, "\(text)")
        }
        #expect(catalogue.yaml(of: try id("nobody")) == nil)
    }

    @Test func snippetFillsTheGapAndIsRefusedUnfilled() throws {
        let catalogue = try ProfileCatalogue.load(directory: nil)
        for profile in catalogue.all {
            for environment in ProviderEnvironment.allCases {
                guard let gap = profile.gap(in: environment) else { continue }
                let snippet = catalogue.snippet(for: gap, id: profile.id, environment: environment)
                #expect(throws: ProfileError.self, "\(snippet)") { try self.catalogue(["x.yaml": snippet]) }
                let filled = snippet.replacing(/<[a-z ]+>/, with: "filled.example")
                let merged = try #require(
                    try self.catalogue(["x.yaml": filled]).profile(profile.id), "\(filled)")
                #expect(merged.gap(in: environment) == nil, "\(filled)")
            }
        }
    }

    @Test func lintSeesWhatTheGatewayWouldSee() throws {
        let folder = try ProfileFolder([
            "zertiban.yaml": "id: zertiban\nlimits: { timeout: 3s }", "bad.yaml": "id: bad\nlimit: {}",
        ])
        let profile = try ProfileCatalogue.lint(file: "\(folder.path)/zertiban.yaml")
        #expect(profile.token.path == "/idp/oauth2/token")
        #expect(profile.limits.timeout == .seconds(3))
        #expect(throws: ProfileError.self) { try ProfileCatalogue.lint(file: "\(folder.path)/bad.yaml") }
        #expect(throws: ProfileError.self) { try ProfileCatalogue.lint(file: "\(folder.path)/none.yaml") }
    }

    @Test func otherFilesAreNotRead() throws {
        let files = ["README.md": "x: [", ".hidden.yaml": "x: [", "a.yaml.bak": "x: ["]
        #expect(try catalogue(files).all.count == 5)
    }

    @Test func plainHTTPIsForLoopbackWhereThatIsAllowed() throws {
        func text(_ url: String) -> String {
            "id: zatlas\nenvironments: { sandbox: { base_url: \"\(url)\" } }"
        }
        for url in ["http://127.0.0.1:8090/zatlas", "http://localhost:1", "http://[::1]:8090"] {
            #expect(throws: Never.self) { try catalogue(["z.yaml": text(url)], .loopbackToo) }
            #expect(throws: ProfileError.self) { try catalogue(["z.yaml": text(url)]) }
        }
        for url in ["http://example.com", "http://10.0.0.1", "http://localhost.example"] {
            #expect(throws: ProfileError.self) { try catalogue(["z.yaml": text(url)], .loopbackToo) }
        }
    }
}
