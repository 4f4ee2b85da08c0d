// The parts of an HTTP request that the providers look at, as a value.

import HTTPTypes
import Hummingbird

/// A request as it arrived, before anyone judged it.
struct ReceivedRequest: Sendable {
    /// Whether the target has a `?`, even with nothing after it.
    let hasQuery: Bool
    let contentTypes: [String]
    let authorizations: [String]
    let tenantIDs: [String]
    let body: [UInt8]

    /// 1 MiB: far above any token request, far below what would hurt.
    static let largestBody = 1 << 20

    init(head: HTTPRequest, body: [UInt8]) {
        hasQuery = head.path?.contains("?") ?? false
        contentTypes = head.headerFields[values: .contentType]
        authorizations = head.headerFields[values: .authorization]
        tenantIDs = head.headerFields[values: .tenantID]
        self.body = body
    }

    /// Nil when the body is larger than ``largestBody``.
    static func body(of request: Request) async throws -> [UInt8]? {
        var bytes: [UInt8] = []
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= largestBody else { return nil }
            bytes += part.readableBytesView
        }
        return bytes
    }
}
