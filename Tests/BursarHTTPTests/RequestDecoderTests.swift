// What is left over when a read ends amid a request, or another protocol was offered.
import BursarCore
import NIOEmbedded
import Testing

@testable import BursarHTTP

@Suite struct RequestDecoderTests {
    private let get = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    private let wait = "GET /v1/token HTTP/1.1\r\nHost: x\r\n\r\n"

    private func post(_ body: String, _ fields: String = "") -> String {
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func offeredUpgradeIsIgnoredAndTheConnectionGoesOn() throws {
        let connection = try EmbeddedConnection()
        let upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAA\r\n"
        for _ in 1...3 {
            try connection.send(post("a", upgrade))
            connection.channel.embeddedEventLoop.run()
            #expect(try connection.statuses() == [200])
        }
        try connection.send(post("a", upgrade) + get + get)
        connection.channel.embeddedEventLoop.run()
        #expect(try connection.statuses() == [200, 200, 200])
        #expect(connection.isOpen)
    }

    @Test func whatFollowsAnOfferedUpgradeWaitsForItsAnswer() throws {
        let connection = try EmbeddedConnection()
        let upgrade = "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        try connection.send(wait.replacing("\r\n\r\n", with: "\r\n" + upgrade) + get)
        try connection.send(get)
        #expect(try connection.statuses() == [])
        connection.handler.answerWaiting("first")
        #expect(try connection.statuses() == [200, 200, 200])
    }

    @Test func requestsMayComeInAnyPieces() throws {
        let connection = try EmbeddedConnection()
        let upgrade = "Connection: Upgrade\r\nUpgrade: h2c\r\n"
        let text = post("abc") + get + post("d", upgrade) + get
        for place in text.indices.dropFirst() {
            try connection.send(String(text[..<place]))
            try connection.send(String(text[place...]))
            #expect(try connection.statuses() == [200, 200, 200, 200], "\(text[..<place].count)")
        }
        for character in text { try connection.send(String(character)) }
        #expect(try connection.statuses() == [200, 200, 200, 200])
    }

    @Test func connectIsAnOrdinaryRequest() throws {
        let connection = try EmbeddedConnection()
        try connection.send("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.channel.embeddedEventLoop.run()
        #expect(try connection.received().hasSuffix("CONNECT unknown  "))
        try connection.send(get)
        #expect(try connection.statuses() == [200])
    }
}
