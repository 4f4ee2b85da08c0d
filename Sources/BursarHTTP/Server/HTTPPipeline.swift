// How a connection is put together.
internal import NIOCore
internal import NIOSSL

enum HTTPPipeline {
    /// TLS where there is any, the gate with its decoder, the connection. Answers are rendered whole by
    /// the connection, so there is no encoder. On the channel's event loop.
    static func install(on channel: any Channel, server: ServerContext, tls: NIOSSLContext?) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
        let desk = server.desks.desk(of: channel.eventLoop)
        // A caller may take leave together with its request. TLS then ends the connection as soon as it has
        // read that, and tells nobody before.
        let gate = InputGate(server.limits, turns: tls == nil ? desk : nil)
        try pipeline.addHandler(gate)
        try pipeline.addHandler(
            HTTPConnection(server: server, gate: gate, desk: desk, loop: channel.eventLoop))
    }
}
