// A request that has arrived, as handlers see it.
package import BursarCore
package import NIOCore
internal import NIOHTTP1
internal import ServiceContextModule

/// Everything of a request that decides its answer. Other header fields are not kept.
package struct HTTPRequest: Sendable {
    package let id: RequestID
    package let method: HTTPMethod
    package let route: Route
    /// What stands behind the `?`, as it was sent.
    let query: Substring
    let fields: RequestFields
    /// Its span's; nil when nobody takes spans.
    let context: ServiceContext?
    package var body: ByteBuffer
}

/// The request target in its two halves.
struct RequestTarget {
    let path: Substring
    let query: Substring

    /// Takes origin form, `/path?query`, and absolute form, which a server must accept too (RFC 9112 §3.2.2).
    /// The host in it is of no interest.
    init(_ uri: String) {
        var rest = Substring(uri)
        if let scheme = rest.range(of: "://"), !rest.hasPrefix("/") {
            let afterHost = rest[scheme.upperBound...]
            rest =
                afterHost.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
                .map { afterHost[$0...] } ?? "/"
        }
        let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        path = rest[..<mark]
        query = mark == rest.endIndex ? "" : rest[rest.utf8.index(after: mark)...]
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
