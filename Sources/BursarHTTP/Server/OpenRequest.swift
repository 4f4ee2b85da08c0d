// A request that a connection is at work on.
internal import BursarCore
internal import NIOCore
internal import NIOHTTP1
internal import Tracing

struct OpenRequest {
    /// Which one of its connection.
    let number: UInt64
    let id: RequestID
    let method: HTTPMethod
    let route: Route
    let query: Substring
    let fields: RequestFields
    let isKeepAlive: Bool
    let isHTTP10: Bool
    /// llhttp expects another protocol to follow, so that the decoder has to be replaced.
    let isUpgrade: Bool
    let startedAt: NIODeadline
    /// Nil when nobody takes spans.
    let span: (any Span)?
    private(set) var body = ByteBuffer()

    init(
        _ head: HTTPRequestHead, number: UInt64, id: RequestID, startedAt: NIODeadline, server: ServerContext
    ) {
        let target = RequestTarget(head.uri)
        self.number = number
        self.id = id
        self.startedAt = startedAt
        method = HTTPMethod(head.method)
        route = server.handler.route(target.path)
        query = target.query
        fields = RequestFields(head.headers)
        isKeepAlive = head.isKeepAlive
        isHTTP10 = head.version == .http1_0
        isUpgrade = head.method == .CONNECT || head.headers.contains(name: "upgrade")
        span = server.tracer.map { [method, route] tracer in
            RequestSpan.start(by: tracer, of: head.headers, method, route, id, side: server.side)
        }
    }

    private init(unreadable id: RequestID, at now: NIODeadline) {
        number = 0
        self.id = id
        method = .other
        route = .unreadable
        query = ""
        fields = RequestFields()
        isKeepAlive = false
        isHTTP10 = false
        isUpgrade = false
        startedAt = now
        span = nil
    }

    /// Stands for what could not be read.
    static func unreadable(id: RequestID, at now: NIODeadline) -> OpenRequest {
        OpenRequest(unreadable: id, at: now)
    }

    /// Whether the caller holds its body back until it is told to go on.
    var awaitsContinue: Bool { fields.expectsContinue && fields.hasBody && !isHTTP10 }

    /// As the handler gets it.
    var complete: HTTPRequest {
        HTTPRequest(
            id: id, method: method, route: route, query: query, fields: fields, context: span?.context,
            body: body)
    }

    mutating func append(_ bytes: ByteBuffer) {
        var bytes = bytes
        if body.readableBytes == 0 { body = bytes } else { body.writeBuffer(&bytes) }
    }
}
