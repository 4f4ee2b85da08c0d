// URLs are read one way only.
import Testing

@testable import BursarProviders

@Suite struct ProviderURLTests {
    @Test(arguments: [
        ("https://Example.COM/a", "https://example.com/a", "example.com", 443),
        ("https://example.com", "https://example.com/", "example.com", 443),
        ("HTTPS://example.com:443/a?b=c", "https://example.com/a?b=c", "example.com", 443),
        ("https://example.com:8443?x", "https://example.com:8443/?x", "example.com", 8443),
        ("http://127.0.0.1:8090/x", "http://127.0.0.1:8090/x", "127.0.0.1", 8090),
        ("http://[::1]:80/x", "http://[::1]/x", "::1", 80),
        ("https://0x7f.1/", "https://0x7f.1/", "0x7f.1", 443),
        ("https://localhost./", "https://localhost./", "localhost.", 443),
    ])
    func properURLIsRead(_ text: String, _ again: String, _ host: String, _ port: Int) throws {
        let url = try ProviderURL(text)
        #expect(url.text == again)
        #expect(url.host == host)
        #expect(url.port == port)
    }

    @Test(arguments: [
        ("ftp://example.com/", ProviderURL.Problem.scheme), ("example.com", .scheme),
        ("//example.com", .scheme),
        ("https://user:pw@example.com/", .userInfo), ("https://example.com@127.0.0.1/", .userInfo),
        ("https:///path", .host), ("https://", .host), ("https://exa mple.com/", .host),
        ("https://example.com\\@127.0.0.1/", .userInfo), ("https://example.com\\.evil/", .host),
        ("https://münchen.example/", .host), ("https://a..b/", .host), ("https://[::1", .host),
        ("https://[127.0.0.1]/", .host), ("https://[fe80::1%25eth0]/", .host), ("https://%31/", .host),
        ("https://::1/", .host), ("https://example.com:0/", .port), ("https://example.com:65536/", .port),
        ("https://example.com:/", .port), ("https://example.com:8a/", .port), ("https://[::1]x/", .port),
        ("https://example.com/a b", .path), ("https://example.com/é", .path),
        ("https://example.com/%zz", .path),
        ("https://example.com/%4", .path), ("https://example.com/\r\nHost: x", .path),
        ("https://example.com/{id}", .path), ("https://example.com/#a", .fragment),
        ("https://example.com#@evil.example/", .fragment),
    ])
    func improperURLIsRefused(_ text: String, _ problem: ProviderURL.Problem) {
        #expect(throws: problem) { try ProviderURL(text) }
    }

    @Test(arguments: [
        ("localhost", true), ("a.localhost", true), ("127.1.2.3", true), ("[::1]", true),
        ("localhost.example", false),
        ("10.0.0.1", false), ("example.com", false),
    ])
    func loopbackNamesAreKnown(_ host: String, _ isLoopback: Bool) throws {
        #expect(try ProviderURL("http://\(host)/").namesLoopback == isLoopback)
    }
}
