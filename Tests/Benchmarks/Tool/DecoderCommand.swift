// The floor: NIO's decoder and a constant answer, and nothing else.
import ArgumentParser
import NIOCore
import NIOHTTP1
import NIOPosix

/// Answers every request with the same bytes. What the gateway costs beyond this is its own.
struct DecoderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decoder", abstract: "Serve a constant behind NIO's HTTP decoder.")

    @Option var port: Int
    @Option(help: "Bytes of the answer's body.") var bodyBytes = 1_200

    func run() async throws {
        let body = String(repeating: "x", count: bodyBytes)
        let answer = ByteBuffer(
            string: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(bodyBytes)\r\n\r\n\(body)")
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try pipeline.addHandler(ConstantHandler(answer: answer))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .bind(host: "127.0.0.1", port: port).get()
        try await channel.closeFuture.get()
    }
}

/// Stands behind a decoder.
final class ConstantHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let answer: ByteBuffer
    private var isKeepAlive = true

    init(answer: ByteBuffer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): isKeepAlive = head.isKeepAlive
        case .body: break
        case .end:
            context.writeAndFlush(Self.wrapOutboundOut(answer), promise: nil)
            if !isKeepAlive { context.close(mode: .output, promise: nil) }
        }
    }
}
