// What answers look like on the wire: tokens, health, metadata.
import BursarCore
import Testing

@testable import BursarHTTP

@Suite struct ServerMetadataTests {
    @Test(arguments: [
        ("https://h", "https://h/oauth2/token", ""), ("https://h/", "https://h/oauth2/token", ""),
        ("https://h:8443/bursar", "https://h:8443/bursar/oauth2/token", "/bursar"),
        ("https://h/a/b/", "https://h/a/b/oauth2/token", "/a/b"),
    ]) func issuerIsTheURLAsConfigured(issuer: String, endpoint: String, inserted: String) {
        let metadata = ServerMetadata(issuer: issuer)
        let text = String(decoding: metadata.json, as: UTF8.self)
        #expect(text.hasPrefix(#"{"issuer":"\#(issuer)","token_endpoint":"\#(endpoint)","#))
        #expect(
            text.contains(
                #""grant_types_supported":["client_credentials"],"response_types_supported":["none"]}"#))
        #expect(!text.contains("revocation_endpoint"))
        #expect(
            Set(metadata.paths) == [
                "/.well-known/oauth-authorization-server",
                "/.well-known/oauth-authorization-server" + inserted,
            ])
    }
}

@Suite struct SmallPartsTests {
    @Test(arguments: [
        (Int64(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_825_599, "Tue, 29 Feb 2000 11:59:59 GMT"), (1_763_683_200, "Fri, 21 Nov 2025 00:00:00 GMT"),
    ]) func datesAreWrittenAsHTTPWantsThem(second: Int64, text: String) {
        #expect(DateField.text(second: second) == text)
    }

    @Test func requestIDsAreUniqueAndTellNothing() {
        let ids = RequestIDs(start: 1)
        let texts = (0..<10_000).map { _ in ids.next().description }
        #expect(Set(texts).count == texts.count)
        #expect(texts.allSatisfy { $0.utf8.count == 16 && $0.utf8.allSatisfy { hexDigitValue($0) != nil } })
        #expect(RequestID(number: 0x0123_4567_89ab_cdef).description == "0123456789abcdef")
    }

    @Test func everyRouteIsOnASide() {
        let routes = Set(ServerSide.allCases.flatMap(\.routes))
        #expect(routes == Set(Route.allCases))
    }

    @Test(arguments: [
        ("/a?b=c", "/a", "b=c"), ("/a", "/a", ""), ("/a?", "/a", ""), ("/a?b?c", "/a", "b?c"),
        ("http://h/a?b", "/a", "b"), ("http://h?b", "", "b"), ("https://h", "/", ""), ("*", "*", ""),
        ("/a?u=http://x/y", "/a", "u=http://x/y"), ("//a", "//a", ""),
    ]) func targetIsDivided(uri: String, path: String, query: String) {
        #expect(RequestTarget(uri).path == path)
        #expect(RequestTarget(uri).query == query)
    }
}
