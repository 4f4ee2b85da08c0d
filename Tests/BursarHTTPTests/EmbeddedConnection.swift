// A connection without a socket: bytes in, bytes out, and a clock that the test moves.
import Logging
import Metrics
import NIOCore
import NIOEmbedded
import Tracing

@testable import BursarHTTP

final class EmbeddedConnection {
    let handler = ScriptedHandler()
    let channel = EmbeddedChannel()

    init(limits: HTTPLimits = HTTPLimits(), tracer: (any Tracer)? = nil) throws {
        let metrics = HTTPMetrics(side: .merchant, factory: NOOPMetricsHandler.instance)
        let context = ServerContext(
            side: .merchant, limits: limits, handler: handler, metrics: metrics,
            logger: Logger(label: "test"), tracer: tracer)
        try HTTPPipeline.install(on: channel, server: context, tls: nil)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    func send(_ text: String) throws {
        try channel.writeInbound(ByteBuffer(string: text))
        channel.embeddedEventLoop.run()
    }

    func advance(_ duration: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: duration) }

    /// Everything that was sent since the last call.
    func received() throws -> String {
        var text = ""
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
        return text
    }

    /// The status lines since the last call.
    func statuses() throws -> [Int] { statusCodes(in: try received()) }

    var isOpen: Bool { channel.isActive }
}

/// The status codes of the answers in `text`, one behind the other.
func statusCodes(in text: String) -> [Int] {
    text.split(separator: "HTTP/1.1 ").compactMap { Int($0.prefix(3)) }
}
