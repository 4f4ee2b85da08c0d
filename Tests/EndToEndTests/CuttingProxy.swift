// A TCP proxy before PostgreSQL that can swallow the answer to a COMMIT.
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// Passes bytes both ways. When armed, the next COMMIT still reaches the server, but what the server answers
/// to it does not come back: the connection is cut instead. So the client cannot know whether it took place.
final class CuttingProxy: Sendable {
    /// The database's URL, by way of the proxy.
    let url: String
    private let server: any Channel
    private let state: State

    final class State: Sendable {
        private let remaining = Mutex(0)
        private let done = Mutex(0)

        func arm(_ cuts: Int) { remaining.withLock { $0 += cuts } }
        var cuts: Int { done.withLock { $0 } }

        func takeCut() -> Bool {
            remaining.withLock { remaining in
                guard remaining > 0 else { return false }
                remaining -= 1
                return true
            }
        }

        func cut() { done.withLock { $0 += 1 } }
    }

    /// Cuts that have taken place.
    var cuts: Int { state.cuts }

    /// The next `cuts` commits lose their answers.
    func arm(_ cuts: Int) { state.arm(cuts) }

    static func lend<R: Sendable>(
        before url: String, _ body: (CuttingProxy) async throws -> R
    ) async throws -> R {
        let proxy = try await CuttingProxy(before: url)
        do {
            let result = try await body(proxy)
            try await proxy.server.close()
            return result
        } catch {
            try? await proxy.server.close()
            throw error
        }
    }

    private init(before url: String) async throws {
        guard var components = URLComponents(string: url), let host = components.host else {
            throw URLError(.badURL)
        }
        let target = try SocketAddress.makeAddressResolvingHost(host, port: components.port ?? 5_432)
        let state = State()
        server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { client in
                ClientBootstrap(group: client.eventLoop)
                    .channelInitializer { server in
                        server.eventLoop.makeCompletedFuture {
                            try CuttingProxy.join(client, server, state)
                        }
                    }
                    .connect(to: target).map { _ in client.setOption(.autoRead, value: true) }
                    .flatMap { $0 }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        components.host = "127.0.0.1"
        components.port = server.localAddress?.port
        self.url = components.string ?? url
        self.state = state
    }

    private static func join(_ client: any Channel, _ server: any Channel, _ state: State) throws {
        let (up, down) = (
            Passage(state: state, isTowardsServer: true), Passage(state: state, isTowardsServer: false)
        )
        up.other = server
        down.other = client
        up.opposite = down
        try client.pipeline.syncOperations.addHandler(up)
        try server.pipeline.syncOperations.addHandler(down)
    }

    /// One direction. Both live on the same event loop.
    private final class Passage: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        let state: State
        let isTowardsServer: Bool
        var other: (any Channel)?
        var opposite: Passage?
        /// The answer to what has been passed on is to be swallowed.
        var isCutting = false
        private var tail: [UInt8] = []

        init(state: State, isTowardsServer: Bool) {
            self.state = state
            self.isTowardsServer = isTowardsServer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Self.unwrapInboundIn(data)
            if isCutting {
                state.cut()
                other?.close(promise: nil)
                context.close(promise: nil)
                return
            }
            if isTowardsServer, holdsCommit(bytes), state.takeCut() { opposite?.isCutting = true }
            other?.writeAndFlush(bytes, promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            other?.close(promise: nil)
            other = nil
            opposite = nil
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        /// The statement may be split over two reads.
        private func holdsCommit(_ bytes: ByteBuffer) -> Bool {
            let all = tail + Array(bytes.readableBytesView)
            tail = Array(all.suffix(Self.commit.count - 1))
            return all.indices.contains { all[$0...].starts(with: Self.commit) }
        }

        private static let commit = Array("COMMIT\0".utf8)
    }
}
