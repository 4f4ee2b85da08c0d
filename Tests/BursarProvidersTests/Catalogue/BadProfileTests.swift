// Every way in which a profile file can be wrong, with the line and what is said.
import BursarCore
import Testing

@testable import BursarProviders

struct BadProfile: CustomTestStringConvertible, Sendable {
    let text: String
    let line: Int?
    let says: String
    var testDescription: String { says }

    init(_ text: String, _ line: Int?, _ says: String) {
        self.text = text
        self.line = line
        self.says = says
    }
}

@Suite struct BadProfileTests {
    /// A good file up to line 3; what follows is line 4 onwards.
    static func good(_ rest: String) -> String {
        """
        id: acme
        environments: { sandbox: { base_url: "https://a.example" } }
        token: { path: /t, authentication: body }
        """ + "\n" + rest
    }

    static let bad: [BadProfile] = [
        .init(good("nmae: x"), 4, "unknown key 'nmae'; the nearest known key is 'name'"),
        .init(
            "id: acme\nenvironments: {}\ntoken:\n  authentification: body", 4,
            "nearest known key is 'token.authentication'"),
        .init(good("limits: { timout: 5s }"), 4, "nearest known key is 'limits.timeout'"),
        .init(good("refresh: { path: /r, headers: {} }"), 4, "unknown key 'refresh.headers'"),
        .init(good("environments: {}"), nil, "stands twice"),
        .init(good("limits:\n  timeout: 5s\n  timeout: 6s"), nil, "'timeout' stands twice"),
        .init("name: x", nil, "'id' is missing"),
        .init("id: acme", nil, "'environments' is missing"),
        .init("id: acme\nenvironments: {}\ntoken: { path: /t }", 3, "'token.authentication' is missing"),
        .init("id: acme\nenvironments: {}\ntoken: null", 3, "'token' is missing"),
        .init("id: null", nil, "'id' is missing"),
        .init("id: Acme", 1, "must be 1 to 32 of a-z"),
        .init("id: [a]", 1, "'id' must be text"),
        .init("- a", 1, "'id' is missing"),
        .init("id: acme\nenvironments: { staging: {} }\ntoken: {}", 2, "unknown key 'environments.staging'"),
        .init("id: acme\nenvironments: [sandbox]\ntoken: {}", 2, "'environments' must be a mapping"),
        .init(
            "id: acme\nenvironments: { sandbox: { base_url: \"http://a.example\" } }", 2,
            "must begin with https://"),
        .init("id: acme\nenvironments: { sandbox: { base_url: ftp://a } }", 2, "must begin with https://"),
        .init("id: acme\nenvironments: { sandbox: { base_url: \"https://u:p@a\" } }", 2, "user name"),
        .init(
            "id: acme\nenvironments: { sandbox: { base_url: \"https://a?b\" } }", 2, "must not hold a query"),
        .init("id: acme\nenvironments: { sandbox: { base_url: \"https://a:99999\" } }", 2, "port"),
        .init("id: acme\nenvironments: {}\ntoken: { path: t, authentication: body }", 3, "begins with /"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { path: \"HTTPS://a/t\", authentication: body }", 3,
            "begins with /"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { path: //evil.example, authentication: body }", 3,
            "begins with /"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { path: \"/a b\", authentication: body }", 3,
            "percent-encoded"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { path: \"http://a/t\", authentication: body }", 3, "https://"
        ),
        .init(
            "id: acme\nenvironments: {}\ntoken: { authentication: basic }", 3,
            "one of basic_raw, basic_form, body"),
        .init("id: acme\nenvironments: {}\ntoken: { authentication: bearer }", 3, "one of basic_raw"),
        .init("id: acme\nenvironments: {}\ntoken: { authentication: none }", 3, "one of basic_raw"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { authentication: body, body: xml }", 3, "one of form, json"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { authentication: body, fields: { refresh_token: x } }", 3,
            "unknown key"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { authentication: body, fields: { scope: \"\" } }", 3,
            "1 to 128"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { authentication: body, parameters: [a] }", 3,
            "must be a mapping"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { authentication: body, parameters: { a: { b: c } } }", 3,
            "must be text"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { authentication: body, parameters: { client_id: x } }", 3,
            "sent twice"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { authentication: body, fields: { client_id: scope } }", 3,
            "sent twice"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { authentication: body, headers: { Authorization: x } }", 3,
            "no header"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { authentication: body, headers: { Host: x } }", 3,
            "no header"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { authentication: body, headers: { \"a b\": x } }", 3,
            "no header"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { authentication: body, headers: { a: \"b\\r\\nc\" } }", 3,
            "line breaks"),
        .init(
            "id: acme\nenvironments: {}\ntoken: { authentication: body, headers: { a: \"b\\0c\" } }", 3,
            "printable"),
        .init(good("scopes: { allowed: pay }"), 4, "'scopes.allowed' must be a list"),
        .init(good("scopes: { allowed: [\"a b\"] }"), 4, "RFC 6749"),
        .init(good("scopes: { default: 'a\"b' }"), 4, "RFC 6749"),
        .init(good("reply: { access_token: token }"), 4, "must be a JSON pointer"),
        .init(good("reply: { expires_in: /a~2 }"), 4, "must be a JSON pointer"),
        .init(good("reply: { expires_in: \"\" }"), 4, "must be a JSON pointer"),
        .init(good("lifetime: { unit: m }"), 4, "must be one of s, ms"),
        .init(good("lifetime: { when_missing: 60 }"), 4, "must be a duration such as"),
        .init(good("lifetime: { when_missing: 1.5s }"), 4, "must be a duration"),
        .init(good("lifetime: { when_missing: -5s }"), 4, "must be a duration"),
        .init(good("lifetime: { when_missing: 0s }"), 4, "must lie within 1s to 24h"),
        .init(good("lifetime: { at_most: 99999999999999999999h }"), 4, "must be a duration"),
        .init(good("lifetime: { at_most: 9999h }"), 4, "must lie within"),
        .init(good("refresh: { path: /r, authentication: bearer }"), 4, "one of none, body"),
        .init(good("refresh: { path: /r, parameters: { grant_type: x } }"), 4, "sent twice"),
        .init(good("scoped: { method: GET }"), 4, "one of POST, PUT"),
        .init(good("scoped: { authentication: body }"), 4, "one of bearer"),
        .init(good("scoped:\n  parameters: { a: \"{b\" }"), 5, "must close each {"),
        .init(good("scoped:\n  claims: { a: \"{}\" }"), 5, "must close each {"),
        .init(good("scoped:\n  claims: { a: \"{b c}\" }"), 5, "must close each {"),
        .init(good("limits: { concurrency: 0 }"), 4, "must lie within 1 to 256"),
        .init(good("limits: { concurrency: 257 }"), 4, "must lie within 1 to 256"),
        .init(good("limits: { concurrency: many }"), 4, "must be a whole number"),
        .init(good("limits: { timeout: 61s }"), 4, "must lie within 100ms to 60s"),
        .init(good("limits: { timeout: 99ms }"), 4, "must lie within"),
        .init(good("limits: [a"), nil, "not YAML"),
        .init(good("\tlimits: {}"), 4, "not YAML"),
        .init(good("a: *nowhere"), 4, "not YAML"),
        .init(good("x: \u{1}"), nil, "not YAML"),
        .init(good("---\nid: two"), nil, "not YAML"),
        .init(good("name: " + String(repeating: "x", count: 81)), 4, "1 to 80"),
        .init(good("name: " + String(repeating: "x", count: 70_000)), nil, "larger or deeper"),
        .init(
            good("name: " + String(repeating: "[", count: 40) + String(repeating: "]", count: 40)), nil,
            "deeper"),
        .init(bomb, nil, "larger or deeper"),
    ]

    /// Ten to the seventh nodes in a few lines.
    static let bomb: String = {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...6 {
            let references = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(references)]\n"
        }
        return text
    }()

    @Test(arguments: bad) func badProfileIsRefusedWithItsLine(_ profile: BadProfile) throws {
        let folder = try ProfileFolder(["acme.yaml": profile.text])
        let error = #expect(throws: ProfileError.self) { try ProfileCatalogue.load(directory: folder.path) }
        let said = "\(try #require(error))"
        #expect(said.contains(profile.says), "\(said)")
        #expect(said.hasPrefix("\(folder.path)/acme.yaml"), "\(said)")
        if let line = profile.line { #expect(error?.place.line == line, "\(said)") }
    }

    @Test func twoFilesWithOneId() throws {
        let folder = try ProfileFolder([
            "a.yaml": BadProfileTests.good(""), "b.yaml": BadProfileTests.good(""),
        ])
        let error = #expect(throws: ProfileError.self) { try ProfileCatalogue.load(directory: folder.path) }
        #expect("\(try #require(error))".contains("b.yaml:1: 'acme' is the id in \(folder.path)/a.yaml too"))
    }

    @Test func fileNamedAfterAnotherProfile() throws {
        let folder = try ProfileFolder(["zatlas.yaml": "id: zertiban"])
        let error = #expect(throws: ProfileError.self) { try ProfileCatalogue.load(directory: folder.path) }
        #expect(error?.problem == .idNotFileName(id: "zertiban", file: "zatlas"))
        #expect(error?.place.line == 1)
    }

    @Test func missingDirectory() {
        #expect(throws: ProfileError.self) { try ProfileCatalogue.load(directory: "/nowhere/at/all") }
    }

    @Test func errorDoesNotRepeatValues() throws {
        let text =
            "id: acme\nenvironments: {}\ntoken: { authentication: s3cret, headers: { a: \"s3cret\\n\" } }"
        let folder = try ProfileFolder(["acme.yaml": text])
        let error = #expect(throws: ProfileError.self) { try ProfileCatalogue.load(directory: folder.path) }
        #expect(!"\(try #require(error))".contains("s3cret"))
    }

    @Test(arguments: [
        ("", "abc", 3), ("kitten", "sitting", 3), ("same", "same", 0), ("ab", "ba", 2), ("é", "e", 1),
    ])
    func editDistances(_ left: String, _ right: String, _ distance: Int) {
        #expect(editDistance(left, right) == distance)
        #expect(editDistance(right, left) == distance)
    }
}
