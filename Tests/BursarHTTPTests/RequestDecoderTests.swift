// What is left over when a read ends amid a request, or another protocol was offered.
import BursarCore
import NIOCore
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

    /// llhttp goes on where `Connection` does not name the upgrade: so must whoever stands behind it.
    @Test(arguments: ["", "Connection: keep-alive\r\n", "Connection: close-not, upgraded\r\n"])
    func anUpgradeThatIsNotOfferedHidesNoRequest(connectionField: String) throws {
        let connection = try EmbeddedConnection()
        let odd = get.replacing("\r\n\r\n", with: "\r\nUpgrade: a\r\n\(connectionField)\r\n")
        let head = post(get).replacing(get, with: "")
        let closes = connectionField.contains("upgraded")
        try connection.send(odd + head)
        try connection.send(get)
        #expect(try connection.statuses() == (closes ? [200] : [200, 200]))
        #expect(connection.isOpen || closes)
    }

    @Test func requestsThatEndAmidReadsTakeNoMoreMemory() throws {
        let connection = try EmbeddedConnection()
        let gate = try connection.channel.pipeline.syncOperations.handler(type: InputGate.self)
        let (begin, end) = ("GET /livez HTTP/1.1\r\nHost: x\r\nX: aaaa", "aaa\r\n\r\n")
        try connection.send(begin)
        for _ in 0..<5_000 { try connection.send(end + begin) }
        #expect(try connection.statuses().count == 5_000)
        #expect(gate.heldBytes < 1_024)
    }

    /// The answers of one read make room for the next when they are sent, and one of those offers an upgrade.
    @Test func anUpgradeThatIsAnsweredWhileOthersAreSentHoldsNothingUp() throws {
        let connection = try EmbeddedConnection()
        try connection.channel.pipeline.syncOperations.addHandler(NarrowWay(), position: .first)
        let upgrade = get.replacing("\r\n\r\n", with: "\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        try connection.send(get + upgrade + get + get)
        #expect(try connection.statuses() == [200, 200, 200, 200])
    }
}

/// Takes one answer, and the next when that is sent.
private final class NarrowWay: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(data, promise: promise)
        set(false, context)
    }

    func flush(context: ChannelHandlerContext) {
        context.flush()
        set(true, context)
    }

    private func set(_ isWritable: Bool, _ context: ChannelHandlerContext) {
        (context.channel as? EmbeddedChannel)?.isWritable = isWritable
        context.fireChannelWritabilityChanged()
    }
}
