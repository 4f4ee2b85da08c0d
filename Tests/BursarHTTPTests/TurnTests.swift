// Connections of one event loop take turns together.
import BursarTestSupport
import Logging
import Metrics
import NIOCore
import NIOEmbedded
import NIOSSL
import Testing

@testable import BursarHTTP

@Suite struct TurnTests {
    private let get = ByteBuffer(string: "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    private let loop = EmbeddedEventLoop()
    private let context = ServerContext(
        side: .merchant, limits: HTTPLimits(), handler: ScriptedHandler(),
        metrics: HTTPMetrics(side: .merchant, factory: NOOPMetricsHandler.instance),
        logger: Logger(label: "test"), tracer: nil)

    private func connections(_ count: Int) throws -> [EmbeddedChannel] {
        try (0..<count).map { _ in try connection() }
    }

    private func connection(tls: NIOSSLContext? = nil) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(loop: loop)
        try HTTPPipeline.install(on: channel, server: context, tls: tls)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private func statuses(_ channel: EmbeddedChannel) throws -> [Int] {
        statusCodes(in: String(buffer: try sent(channel)))
    }

    @Test func whatOneRoundReadsIsAnsweredAtItsEnd() throws {
        let channels = try connections(3)
        for channel in channels { try channel.writeInbound(get) }
        #expect(try channels.map(statuses) == [[], [], []])
        loop.run()
        #expect(try channels.map(statuses) == [[200], [200], [200]])
    }

    @Test func manyAreAnsweredBeforeTheEnd() throws {
        let channels = try connections(40)
        for channel in channels { try channel.writeInbound(get) }
        #expect(try channels.map(statuses).prefix(32).allSatisfy { $0 == [200] })
        loop.run()
        #expect(try channels.map(statuses).suffix(8).allSatisfy { $0 == [200] })
    }

    /// When a caller ends its side, NIO reads all that it has sent within one round.
    @Test func nothingOfManyReadsInARoundIsLost() throws {
        let channel = try connection()
        let bytes = ByteBuffer(string: String(repeating: String(buffer: get), count: 20_000))
        var (rest, answered) = (bytes, 0)
        while let read = rest.readSlice(length: min(rest.readableBytes, 50_001)), read.readableBytes > 0 {
            try channel.writeInbound(read)
            answered += try statuses(channel).count
        }
        channel.pipeline.fireChannelReadComplete()
        #expect(answered + (try statuses(channel).count) == 20_000)
    }

    /// Whoever ends its side with the request is answered before the connection ends. NIO says that a read
    /// is complete once more when the input has ended, and then closes the channel, all within a round.
    @Test func theEndOfTheInputWaitsForNobody() throws {
        let channel = try connection()
        try channel.writeInbound(get)
        #expect(try statuses(channel) == [])
        channel.pipeline.fireChannelReadComplete()
        #expect(try statuses(channel) == [200])
        loop.run()
        #expect(try statuses(channel) == [])
    }

    /// The same with TLS, whose farewell ends the connection within the read that brings it.
    @Test func theFarewellOfTLSWaitsForNobody() throws {
        let server = try connection(tls: try TestAuthority().serverContext(host: "localhost"))
        var trusting = TLSConfiguration.makeClientConfiguration()
        trusting.certificateVerification = .none
        let client = EmbeddedChannel()
        let context = try NIOSSLContext(configuration: trusting)
        try client.pipeline.syncOperations.addHandlers(
            HalfOpen(), try NIOSSLClientHandler(context: context, serverHostname: nil))
        try client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try exchange(client, server)
        client.write(get, promise: nil)
        client.flush()
        client.close(mode: .output, promise: nil)
        try server.writeInbound(try sent(client))
        try client.writeInbound(try sent(server))
        let answer = try #require(try client.readInbound(as: ByteBuffer.self))
        #expect(statusCodes(in: String(buffer: answer)) == [200])
    }

    /// Until both have said what they have to say.
    private func exchange(_ client: EmbeddedChannel, _ server: EmbeddedChannel) throws {
        var (from, to) = (client, server)
        while case let bytes = try sent(from), bytes.readableBytes > 0 {
            try to.writeInbound(bytes)
            swap(&from, &to)
        }
    }

    private func sent(_ channel: EmbeddedChannel) throws -> ByteBuffer {
        var all = ByteBuffer()
        while var bytes = try channel.readOutbound(as: ByteBuffer.self) { all.writeBuffer(&bytes) }
        return all
    }

    @Test func aConnectionThatEndsBeforeItsTurnIsLeftOut() throws {
        let channels = try connections(2)
        for channel in channels { try channel.writeInbound(get) }
        try channels[0].close().wait()
        loop.run()
        #expect(try channels.map(statuses) == [[], [200]])
    }
}

/// Lets the channel stand when one side of it ends, as a socket does.
private final class HalfOpen: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        promise?.succeed()
    }
}
