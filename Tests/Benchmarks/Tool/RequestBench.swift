// A request's whole way through the gateway, without a socket.
import BursarCore
import BursarGateway
import BursarHTTP
import BursarTestSupport
import Foundation
import Logging
import NIOCore
import NIOEmbedded
import Prometheus

/// A gateway with one warm tenant behind a connection that bytes are written into: from the decoder to the
/// rendered answer, with deadlines, limit, metrics and journal.
final class RequestBench {
    private let fixture: GatewayFixture
    private let channel = EmbeddedChannel()
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
            eventLoopGroup: channel.embeddedEventLoop, logger: Logger(label: "bench"))
        try server.admit(channel)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
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

    /// The answer. A microsecond passes, so that the tenant stays within its limit.
    func answer(_ request: ByteBuffer) throws -> ByteBuffer? {
        fixture.clock.advance(by: .microseconds(1))
        try channel.writeInbound(request)
        return try channel.readOutbound(as: ByteBuffer.self)
    }

    /// Whether an answer has a token.
    static func isSuccess(_ answer: ByteBuffer) -> Bool {
        answer.readableBytesView.starts(with: "HTTP/1.1 200 ".utf8)
    }
}
