// One connection, byte by byte: framing, order, limits.
import NIOCore
import NIOEmbedded
import Testing

@testable import BursarHTTP

@Suite struct HTTPConnectionTests {
    private let get = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    private let wait = "GET /v1/token HTTP/1.1\r\nHost: x\r\n\r\n"

    private func post(_ body: String, _ fields: String = "", path: String = "/oauth2/token") -> String {
        "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
    }

    // MARK: Answers

    @Test func answersAtOnceAndStaysOpen() throws {
        let connection = try EmbeddedConnection()
        try connection.send("GET /livez?a=b HTTP/1.1\r\nHost: x\r\n\r\n")
        let answer = try connection.received()
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nDate: "))
        #expect(answer.contains("\r\nContent-Length: 15\r\n"))
        #expect(answer.contains("\r\nContent-Type: text/plain\r\n"))
        #expect(!answer.contains("Connection:"))
        #expect(answer.hasSuffix("\r\n\r\nGET /livez a=b "))
        #expect(connection.isOpen)
        try connection.send(get)
        #expect(try connection.statuses() == [200])
    }

    @Test func everyAnswerHasAnIdOfItsOwn() throws {
        let connection = try EmbeddedConnection()
        try connection.send(get + get + "nonsense\r\n\r\n")
        let ids = try connection.received().split(separator: "\r\n").filter { $0.hasPrefix("X-Request-Id: ") }
        #expect(Set(ids).count == 3)
        #expect(ids.allSatisfy { $0.utf8.count == 14 + 16 })
    }

    @Test func headIsAnsweredWithoutBody() throws {
        let connection = try EmbeddedConnection()
        try connection.send("HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        let answer = try connection.received()
        #expect(answer.contains("Content-Length: 13\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }

    @Test func oldVersionClosesUnlessAskedToStay() throws {
        let connection = try EmbeddedConnection()
        try connection.send("GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(try connection.received().contains("Connection: keep-alive\r\n"))
        try connection.send("GET /livez HTTP/1.0\r\n\r\n")
        #expect(try connection.received().contains("Connection: close\r\n"))
        #expect(!connection.isOpen)
    }

    @Test func closesWhenAskedTo() throws {
        let connection = try EmbeddedConnection()
        try connection.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + get)
        let answer = try connection.received()
        #expect(answer.contains("Connection: close\r\n"))
        #expect(statusCodes(in: answer) == [200])
        #expect(!connection.isOpen)
    }

    @Test func absoluteTargetIsUnderstood() throws {
        let connection = try EmbeddedConnection()
        try connection.send("GET http://host:1/livez?q HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try connection.received().hasSuffix("GET /livez q "))
    }

    // MARK: Bodies

    @Test func bodyArrivesHoweverItIsCut() throws {
        let connection = try EmbeddedConnection()
        for character in post("grant=1") { try connection.send(String(character)) }
        #expect(try connection.received().hasSuffix("POST /oauth2/token  grant=1"))
    }

    @Test func chunkedBodyIsRead() throws {
        let connection = try EmbeddedConnection()
        try connection.send(
            "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        #expect(try connection.received().hasSuffix(" abcde"))
        #expect(connection.isOpen)
    }

    @Test func announcedLengthOverTheLimitIsRefusedBeforeTheBody() throws {
        let connection = try EmbeddedConnection()
        try connection.send(
            "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 8193\r\nExpect: 100-continue\r\n\r\n")
        let answer = try connection.received()
        #expect(statusCodes(in: answer) == [413])
        #expect(answer.contains("\"error\":\"invalid_request\""))
        #expect(!connection.isOpen)
    }

    @Test func lengthBeyondAnyNumberIsRefused() throws {
        let connection = try EmbeddedConnection()
        try connection.send(
            "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n")
        #expect(try connection.statuses() == [413])
    }

    @Test func chunkedBodyOverTheLimitIsRefused() throws {
        let connection = try EmbeddedConnection()
        let chunk = "1000\r\n" + String(repeating: "a", count: 4_096) + "\r\n"
        try connection.send(
            "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk)
        #expect(try connection.statuses() == [])
        try connection.send("1\r\na\r\n")
        #expect(try connection.statuses() == [413])
    }

    @Test func jsonBodiesMayBeLonger() throws {
        let connection = try EmbeddedConnection()
        let body = String(repeating: "a", count: 16_384)
        try connection.send(post(body, path: "/v1/checkout-auth/init"))
        #expect(try connection.statuses() == [200])
        try connection.send(post(body + "a", path: "/v1/checkout-auth/init"))
        #expect(try connection.statuses() == [413])
    }

    @Test func callerThatAsksIsToldToGoOn() throws {
        let connection = try EmbeddedConnection()
        try connection.send(
            "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n")
        #expect(try connection.received() == "HTTP/1.1 100 Continue\r\n\r\n")
        try connection.send("a")
        #expect(try connection.statuses() == [200])
    }

    @Test func goingOnIsSaidAfterEarlierAnswers() throws {
        let connection = try EmbeddedConnection()
        try connection.send(wait + post("a", "Expect: 100-continue\r\n"))
        #expect(try connection.received() == "")
        connection.handler.answerWaiting("first")
        #expect(try connection.statuses() == [200, 100, 200])
    }

    // MARK: What is no request

    @Test(arguments: [
        "garbage\r\n\r\n", "\u{16}\u{3}\u{1}", "GET /livez\r\n\r\n", "GET /livez HTTP/2.0\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /livez HTTP/1.1\r\nHost : x\r\n\r\n",
        "FOO / HTTP/1.1\r\n\r\n",
        "GET /livez HTTP/1.1\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na",
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST /oauth2/token HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ]) func unreadableRequestIsAnsweredOnceAndClosed(text: String) throws {
        let connection = try EmbeddedConnection()
        try connection.send(text)
        let answer = try connection.received()
        #expect(statusCodes(in: answer) == [400])
        #expect(answer.contains("Connection: close\r\n"))
        #expect(answer.contains("\"error\":\"invalid_request\""))
        #expect(connection.handler.faults.count == 1)
        #expect(!connection.isOpen)
    }

    @Test func tooManyFieldsAreRefused() throws {
        let fields = (1...64).map { "X-\($0): y\r\n" }.joined()
        let connection = try EmbeddedConnection()
        try connection.send("GET /livez HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
        #expect(try connection.statuses() == [431])
        let fewer = try EmbeddedConnection()
        try fewer.send("GET /livez HTTP/1.1\r\nHost: x\r\n\(fields.dropFirst("X-1: y\r\n".utf8.count))\r\n")
        #expect(try fewer.statuses() == [200])
    }

    @Test(arguments: [
        "GET /livez HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "a", count: 16_384))\r\n\r\n",
        "GET /livez?\(String(repeating: "a", count: 8_192)) HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /livez?\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: x\r\nX:\(String(repeating: " ", count: 200_000))",
        String(repeating: "\r\n", count: 100_000),
    ]) func headThatIsTooLargeIsRefused(text: String) throws {
        let connection = try EmbeddedConnection()
        try connection.send(text)
        #expect(try connection.statuses() == [431])
        #expect(!connection.isOpen)
    }

    @Test func largeHeadWithinTheLimitIsRead() throws {
        let connection = try EmbeddedConnection()
        try connection.send(
            "GET /livez HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "a", count: 16_000))\r\n\r\n")
        #expect(try connection.statuses() == [200])
    }

    @Test func endlessChunkExtensionIsRefused() throws {
        let connection = try EmbeddedConnection()
        try connection.send("POST /oauth2/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;")
        for _ in 0..<40 { try connection.send(String(repeating: "a", count: 4_096)) }
        #expect(try connection.statuses() == [413])
    }

    // MARK: One after the other

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let connection = try EmbeddedConnection()
        let gets = (1...3).map { "GET /livez?\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }
        try connection.send(gets[0] + wait + gets[1] + wait + gets[2])
        #expect(try connection.received().hasSuffix("GET /livez 1 "))
        #expect(connection.handler.waitingCount == 1)
        connection.handler.answerWaiting("first")
        let second = try connection.received()
        #expect(second.contains("\r\n\r\nfirstHTTP/1.1 200 OK"))
        #expect(second.hasSuffix("GET /livez 2 "))
        connection.handler.answerWaiting("second")
        #expect(try connection.received().hasSuffix("GET /livez 3 "))
    }

    @Test func thousandsOfPipelinedRequestsAreAnswered() throws {
        let connection = try EmbeddedConnection()
        try connection.send(wait + String(repeating: get, count: 5_000))
        #expect(try connection.statuses() == [])
        connection.handler.answerWaiting("first")
        #expect(try connection.statuses().count == 5_001)
    }

    @Test func nothingIsReadWhileARequestIsUnderWay() throws {
        let connection = try EmbeddedConnection()
        try connection.send(wait)
        let reads = ReadCounter()
        try connection.channel.pipeline.syncOperations.addHandler(reads, position: .first)
        connection.channel.read()
        #expect(reads.count == 0)
        connection.handler.answerWaiting("now")
        #expect(reads.count == 1)
    }

    @Test func garbageBehindARequestIsAnsweredAfterIt() throws {
        let connection = try EmbeddedConnection()
        try connection.send(wait + "garbage\r\n\r\n")
        #expect(try connection.statuses() == [])
        connection.handler.answerWaiting("first")
        #expect(try connection.statuses() == [200, 400])
        #expect(!connection.isOpen)
    }
}

/// Counts what asks the socket for more.
final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private(set) var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}
