// A request, from its head to its answer.
package import BursarCore
package import NIOCore
internal import NIOHTTP1
internal import ServiceContextModule

// Unchecked: its connection adds the body before anybody else has it; nothing changes after that.
/// Everything of a request that decides its answer. Other header fields are not kept. One object from the
/// head on: a request is passed along many times, and copies of it cost more than the rest of its way.
package final class HTTPRequest: @unchecked Sendable {
    package let id: RequestID
    package let method: HTTPMethod
    package let route: Route
    /// What stands behind the `?`, as it was sent.
    let query: Substring
    let fields: RequestFields
    /// What makes its head unreadable although its syntax is right.
    let flaw: HTTPFlaw?
    // Nothing that runs while it changes comes back here, so that nobody has to watch for it at run time.
    @exclusivity(unchecked) package private(set) var body: ByteBuffer
    /// How its connection goes on after it.
    let traits: Traits
    let startedAt: NIODeadline
    /// Nil when nobody takes spans.
    let span: RequestSpan?

    struct Traits {
        var isKeepAlive = false
        var isHTTP10 = false
        /// llhttp expects another protocol to follow, so that the decoder has to be replaced.
        var isUpgrade = false
    }

    init(
        id: RequestID, method: HTTPMethod, route: Route, query: Substring = "",
        fields: RequestFields = RequestFields(), flaw: HTTPFlaw? = nil, body: ByteBuffer = ByteBuffer(),
        traits: Traits = Traits(), startedAt: NIODeadline = .distantPast, span: RequestSpan? = nil
    ) {
        self.id = id
        self.method = method
        self.route = route
        self.query = query
        self.fields = fields
        self.flaw = flaw
        self.body = body
        self.traits = traits
        self.startedAt = startedAt
        self.span = span
    }

    convenience init(_ head: HTTPRequestHead, id: RequestID, startedAt: NIODeadline, server: ServerContext) {
        let target = RequestTarget(head.uri)
        let (method, route) = (HTTPMethod(head.method), server.handler.route(target.path))
        let fields = RequestFields(head.headers)
        let span = server.isTraced ? server.span(of: head.headers, method, route, id) : nil
        self.init(
            id: id, method: method, route: route, query: target.query, fields: fields,
            flaw: fields.flaw(version: head.version),
            traits: Traits(
                isKeepAlive: head.isKeepAlive && !fields.isOddUpgrade, isHTTP10: head.version == .http1_0,
                isUpgrade: method == .connect || fields.isUpgrade),
            startedAt: startedAt, span: span)
    }

    /// Stands for what could not be read.
    static func unreadable(id: RequestID, at now: NIODeadline) -> HTTPRequest {
        HTTPRequest(id: id, method: .other, route: .unreadable, startedAt: now)
    }

    /// Its span's; nil when nobody takes spans.
    var context: ServiceContext? { span?.context }

    /// Whether the caller holds its body back until it is told to go on.
    var awaitsContinue: Bool { fields.expectsContinue && fields.hasBody && !traits.isHTTP10 }

    func append(_ bytes: ByteBuffer) {
        if body.readableBytes == 0 { body = bytes } else { body.writeImmutableBuffer(bytes) }
    }
}

/// The request target in its two halves.
struct RequestTarget {
    let path: Substring
    let query: Substring

    /// Takes origin form, `/path?query`, and absolute form, which a server must accept too (RFC 9112 §3.2.2).
    /// The host in it is of no interest.
    init(_ uri: String) {
        var rest = Substring(uri)
        if rest.utf8.first != UInt8(ascii: "/"), let scheme = rest.range(of: "://") {
            let afterHost = rest[scheme.upperBound...]
            rest =
                afterHost.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
                .map { afterHost[$0...] } ?? "/"
        }
        let mark = rest.withBytes { place(of: UInt8(ascii: "?"), in: $0) }
        guard let mark = mark.map({ rest.utf8.index(rest.startIndex, offsetBy: $0) }) else {
            (path, query) = (rest, "")
            return
        }
        path = rest[..<mark]
        query = rest[rest.utf8.index(after: mark)...]
    }
}

extension Substring {
    /// The first place of an ASCII `text`, without Foundation.
    fileprivate func range(of text: StaticString) -> Range<Index>? {
        text.withUTF8Buffer { wanted in
            var start = utf8.startIndex
            while start < utf8.endIndex {
                let rest = utf8[start...]
                if rest.starts(with: wanted) {
                    return start..<utf8.index(start, offsetBy: wanted.count)
                }
                start = utf8.index(after: start)
            }
            return nil
        }
    }
}
