// A caller on a real socket that says what a test tells it to, HTTP or not.
import NIOCore
import NIOPosix

struct RawClient: Sendable {
    let channel: any Channel
    private let chunks: AsyncStream<String>
    /// Everything that came until the server closed.
    let everything: EventLoopFuture<String>

    static func connect(port: Int) async throws -> RawClient {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let everything = loop.makePromise(of: String.self)
        let (stream, continuation) = AsyncStream<String>.makeStream()
        let bootstrap = ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Collector(promise: everything, continuation: continuation))
                }
            }
        do {
            let channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
            return RawClient(channel: channel, chunks: stream, everything: everything.futureResult)
        } catch {
            everything.fail(error)
            throw error
        }
    }

    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    /// Sends and does not mind when the server has heard enough.
    func sendAnyway(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }
    func sendAnyway(_ text: String) { sendAnyway(ByteBuffer(string: text)) }

    /// Waits for what comes next, until it holds `text`.
    func receive(_ text: String) async -> String {
        var received = ""
        var chunks = chunks.makeAsyncIterator()
        while !received.contains(text), let chunk = await chunks.next() { received += chunk }
        return received
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let promise: EventLoopPromise<String>
        private let continuation: AsyncStream<String>.Continuation
        private var text = ""

        init(promise: EventLoopPromise<String>, continuation: AsyncStream<String>.Continuation) {
            self.promise = promise
            self.continuation = continuation
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let chunk = String(buffer: Self.unwrapInboundIn(data))
            text += chunk
            continuation.yield(chunk)
        }

        func channelInactive(context: ChannelHandlerContext) {
            continuation.finish()
            promise.succeed(text)
        }

        /// A reset shows as such, and not as a clean end.
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            text += "<\(error)>"
            context.close(promise: nil)
        }
    }
}
