// The methods that logs and metrics may name.
internal import NIOHTTP1

/// A closed set: a caller can invent methods, and each would be a new series. A place for each in the tables
/// of metrics.
package enum HTTPMethod: Int, Sendable, CaseIterable {
    case get, head, post, put, patch, delete, options, trace, connect
    case other

    package var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        // As OpenTelemetry spells it.
        case .other: "_OTHER"
        }
    }

    init(_ method: NIOHTTP1.HTTPMethod) {
        switch method {
        case .GET: self = .get
        case .HEAD: self = .head
        case .POST: self = .post
        case .PUT: self = .put
        case .PATCH: self = .patch
        case .DELETE: self = .delete
        case .OPTIONS: self = .options
        case .TRACE: self = .trace
        case .CONNECT: self = .connect
        default: self = .other
        }
    }
}
