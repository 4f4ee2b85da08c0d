// A provider that misbehaves on request: speaks raw bytes, so that it can send what no HTTP library would.
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Listens on 127.0.0.1, reads whole requests, and answers each with the same steps.
final class StubServer: Sendable {
    enum Step: Sendable {
        case send(String)
        case wait(TimeAmount)
        case close
    }

    struct Received: Sendable {
        let head: String
        let body: String
    }

    private final class Log: Sendable {
        let requests = Mutex<[Received]>([])
        let connections = Mutex(0)
    }

    private let log = Log()
    private let channel: any Channel
    var port: Int { channel.localAddress?.port ?? 0 }
    var requests: [Received] { log.requests.withLock { $0 } }
    var connections: Int { log.connections.withLock { $0 } }

    init(tls: NIOSSLContext? = nil, _ steps: [Step]) async throws {
        let log = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                log.connections.withLock { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        StubHandler(steps: steps) { request in log.requests.withLock { $0.append(request) } })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func stop() async { try? await channel.close().get() }

    /// A whole reply with its `Content-Length`.
    static func reply(_ status: String, _ body: String, headers: [String] = []) -> [Step] {
        let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
        return [.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)]
    }

    static let token = reply("200 OK", #"{"access_token":"tok","token_type":"Bearer","expires_in":300}"#)
}

private final class StubHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let steps: [StubServer.Step]
    private let received: @Sendable (StubServer.Received) -> Void
    private var bytes: [UInt8] = []

    init(steps: [StubServer.Step], received: @escaping @Sendable (StubServer.Received) -> Void) {
        self.steps = steps
        self.received = received
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytesView
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return }
        let head = String(text[..<end.lowerBound])
        let length =
            head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.split(separator: ":")[1].trimmingCharacters(in: .whitespaces)) } ?? 0
        let body = text[end.upperBound...]
        guard body.utf8.count >= length else { return }
        bytes = []
        received(StubServer.Received(head: head, body: String(body)))
        StubHandler.run(steps[...], context.channel)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private static func run(_ steps: ArraySlice<StubServer.Step>, _ channel: any Channel) {
        guard let step = steps.first, channel.isActive else { return }
        let rest = steps.dropFirst()
        switch step {
        case .send(let text):
            channel.writeAndFlush(ByteBuffer(string: text)).whenSuccess { run(rest, channel) }
        case .wait(let time): channel.eventLoop.scheduleTask(in: time) { run(rest, channel) }
        case .close: channel.close(promise: nil)
        }
    }
}
