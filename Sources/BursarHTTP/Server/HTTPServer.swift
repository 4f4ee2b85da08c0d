// One listening socket and its connections.
private import Glibc
package import Logging
package import NIOCore
internal import NIOPosix
package import NIOSSL
internal import ServiceLifecycle
internal import Synchronization
package import Tracing

/// Speaks HTTP/1.1 on NIO's own parts, for the merchant side and for the admin side. A request that can be
/// answered at once is answered on its connection's event loop, without a hop; every limit and every error
/// answer is ours (docs/adr). HTTP/2 is not offered.
package final class HTTPServer: Service {
    private let context: ServerContext
    private let host: String
    private let port: Int
    private let tls: (@Sendable () -> NIOSSLContext)?
    private let group: any EventLoopGroup
    private let registry: ConnectionRegistry
    private let listener = Mutex<(any Channel)?>(nil)

    /// - Parameters:
    ///   - port: 0 lets the system choose; `bind` says which.
    ///   - tls: asked for each connection, so that a renewed certificate serves from then on; nil is HTTP.
    package init(
        side: ServerSide, host: String, port: Int, tls: (@Sendable () -> NIOSSLContext)?,
        limits: HTTPLimits = HTTPLimits(), handler: any HTTPHandler, metrics: HTTPMetrics,
        eventLoopGroup: any EventLoopGroup, logger: Logger, tracer: (any Tracer)? = nil
    ) {
        context = ServerContext(
            side: side, limits: limits, handler: handler, metrics: metrics, logger: logger, tracer: tracer)
        self.host = host
        self.port = port
        self.tls = tls
        group = eventLoopGroup
        registry = ConnectionRegistry(most: limits.connections)
    }

    /// The port that it listens on; nil before `bind` and after the end.
    package var boundPort: Int? { listener.withLock { $0?.localAddress?.port } }

    /// Begins to listen, and returns the port. `run` does it too; done before, it tells early what is wrong.
    @discardableResult
    package func bind() async throws(HTTPServerError) -> Int {
        if let boundPort { return boundPort }
        let channel: any Channel
        do {
            channel = try await bootstrap.bind(host: host, port: port).get()
        } catch {
            throw failure(error)
        }
        listener.withLock { $0 = channel }
        let bound = channel.localAddress?.port ?? port
        context.logger.info(
            "listening",
            metadata: [LogField.side: "\(context.side.rawValue)", "address": "\(host):\(bound)"])
        return bound
    }

    /// From now on each answer ends its connection, so that callers open their next one elsewhere. It goes on
    /// accepting: who balances the load may not know yet.
    package func announceLeaving() { context.isLeaving.store(true, ordering: .relaxed) }

    /// Serves until it is told to stop: then it accepts no more, answers what is under way, and returns when
    /// all connections are closed, or after `limits.drain`.
    package func run() async throws {
        try await bind()
        do {
            try await gracefulShutdown()
            await stop(within: context.limits.drain)
        } catch {
            await stop(within: .zero)
            throw error
        }
    }

    private func stop(within patience: Duration) async {
        let channel = listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        try? await channel?.close()
        registry.drain()
        await withTaskGroup { group in
            group.addTask { await self.registry.waitUntilEmpty() }
            group.addTask {
                // Cut short when all are closed, or when there is to be no patience at all.
                try? await Task.sleep(for: patience)
                self.registry.closeAll()
            }
            await group.next()
            group.cancelAll()
        }
    }

    private var bootstrap: ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                // Without file descriptors left, accepting rests for a while instead of spinning.
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                }
            }
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try admit(channel) }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // An answer may fit into the kernel's buffer and never be read: the kernel ends that connection.
            .childChannelOption(
                .tcpOption(NIOBSDSocket.Option(rawValue: TCP_USER_TIMEOUT)),
                value: ChannelOptions.Types.SocketOption.Value(context.limits.write.wholeMilliseconds)
            )
            // As much as most requests need. NIO's adaptive allocator is one more object of each connection,
            // which has to be fetched and written for every read.
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1_024))
            // One read at a time, so that little comes in after the gate has closed.
            .childChannelOption(.maxMessagesPerRead, value: 1)
    }

    /// Serves a connection, on its event loop. Those of the listening socket come here by themselves.
    package func admit(_ channel: any Channel) throws {
        guard registry.add(channel) else {
            context.metrics.refusedConnection()
            throw ChannelError.ioOnClosedChannel  // the bootstrap closes it
        }
        context.metrics.open(connections: registry.count)
        channel.closeFuture.whenComplete { [self] _ in
            registry.remove(channel)
            context.metrics.open(connections: registry.count)
        }
        try HTTPPipeline.install(on: channel, server: context, tls: tls?())
    }

    private func failure(_ error: any Error) -> HTTPServerError {
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            .portTaken(context.side, host: host, port: port)
        case let error as IOError where error.errnoCode == EACCES:
            .notPermitted(context.side, host: host, port: port)
        case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
            .hostUnknown(context.side, host: host, port: port)
        case is SocketAddressError, is NIOConnectionError:
            .hostUnknown(context.side, host: host, port: port)
        default: .cannotListen(context.side, host: host, port: port, reason: "\(error)")
        }
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
