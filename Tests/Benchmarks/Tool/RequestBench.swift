// A request's whole way through the gateway, without a socket.
import ArgumentParser
import BursarCore
import BursarGateway
import BursarHTTP
import BursarTestSupport
import Foundation
import Logging
import NIOCore
import NIOEmbedded
import Prometheus

/// A gateway with one warm tenant behind connections that bytes are written into: from the decoder to the
/// rendered answer, with deadlines, limit, metrics and journal.
final class RequestBench {
    /// How many connections there are, to take their turn together as those of a busy gateway do.
    static let connections = 16

    private let fixture: GatewayFixture
    private let loop = EmbeddedEventLoop()
    private let channels: [EmbeddedChannel]
    private let server: HTTPServer
    private let merchant: TestMerchant

    init() throws {
        let registry = PrometheusRegistry()
        for family in HTTPMetrics.families { registry.declare(family) }
        var options = GatewayFixture.Options()
        options.metrics = registry
        fixture = GatewayFixture(options)
        merchant = fixture.addMerchant(lifetime: .seconds(31_536_000))
        fixture.ask(merchant.client.request)
        let handler = MerchantHandler(
            gateway: fixture.gateway, settings: MerchantSettings(publicURL: "http://127.0.0.1"))
        server = HTTPServer(
            side: .merchant, host: "127.0.0.1", port: 0, tls: nil, handler: handler,
            metrics: HTTPMetrics(side: .merchant, factory: registry),
            eventLoopGroup: loop, logger: Logger(label: "bench"))
        channels = (0..<Self.connections).map { [loop] _ in EmbeddedChannel(loop: loop) }
        for channel in channels {
            try server.admit(channel)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }
    }

    /// By Bearer, as `GET /v1/token`.
    var get: ByteBuffer {
        let secret = merchant.client.secret.revealText()
        return bytes("GET /v1/token", ["Authorization: Bearer \(secret)"])
    }

    /// By Basic, as `POST /oauth2/token`.
    var post: ByteBuffer {
        let body = "grant_type=client_credentials"
        let pair = "\(merchant.client.id):\(merchant.client.secret.revealText())"
        let fields = [
            "Authorization: Basic \(Data(pair.utf8).base64EncodedString())",
            "Content-Type: application/x-www-form-urlencoded", "Content-Length: \(body.utf8.count)",
        ]
        return bytes("POST /oauth2/token", fields, body)
    }

    private func bytes(_ target: String, _ fields: [String], _ body: String = "") -> ByteBuffer {
        let head = ["\(target) HTTP/1.1", "Host: 127.0.0.1", "Accept: */*"] + fields
        return ByteBuffer(string: head.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// Lends the answers to the request by each connection. A microsecond passes for each, so that the tenant
    /// stays within its limit.
    func answers(to request: ByteBuffer, _ body: (ByteBuffer?) throws -> Void) throws {
        for channel in channels {
            fixture.clock.advance(by: .microseconds(1))
            try channel.writeInbound(request)
        }
        loop.run()
        for channel in channels { try body(try channel.readOutbound(as: ByteBuffer.self)) }
    }

    /// Refuses an answer without a token.
    static func check(_ answer: ByteBuffer?) throws {
        guard let answer, answer.readableBytesView.starts(with: "HTTP/1.1 200 ".utf8) else {
            throw ValidationError("a request has got no token")
        }
    }
}
