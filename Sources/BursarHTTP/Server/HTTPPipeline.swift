// How a connection is put together.
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL

typealias RequestDecoder = ByteToMessageHandler<HTTPRequestDecoder>

enum HTTPPipeline {
    /// TLS where there is any, the gate, the decoder, the connection. Answers are rendered whole by the
    /// connection, so there is no encoder. On the channel's event loop.
    static func install(on channel: any Channel, server: ServerContext, tls: NIOSSLContext?) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
        let gate = InputGate(discarding: server.limits.lingerBytes)
        try pipeline.addHandler(gate)
        try pipeline.addHandler(decoder(server.limits))
        let desk = server.desks.desk(of: channel.eventLoop)
        try pipeline.addHandler(
            HTTPConnection(server: server, gate: gate, desk: desk, now: channel.eventLoop.now))
    }

    /// The decoder counts names, values and the URL while it reads, so that nothing too large is ever held.
    static func decoder(_ limits: HTTPLimits) -> RequestDecoder {
        var most = NIOHTTPDecoderLimitConfiguration()
        most.maxHeaderFieldSize = limits.headBytes
        most.maxHeaderListSize = limits.headBytes
        most.maxHeaderFieldCount = limits.fields
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .fireError, limitConfiguration: most)
        return ByteToMessageHandler(decoder, maximumBufferSize: limits.headBytes * 4)
    }
}
