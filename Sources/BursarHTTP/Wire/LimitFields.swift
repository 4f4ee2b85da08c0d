// What the rate limit looks like from outside (draft-ietf-httpapi-ratelimit-headers).
internal import BursarCore
internal import BursarGateway

/// `RateLimit-Policy` and `RateLimit`: one policy, named "tenant".
struct LimitFields {
    /// Bytes of both lines at most.
    static let mostBytes = 192

    private let limit: LimitState

    init(_ limit: LimitState) { self.limit = limit }

    func write(to bytes: inout BytesWriter) {
        bytes.put("RateLimit-Policy: \"tenant\";q=")
        bytes.put(decimal: Int64(limit.limit.burst))
        bytes.put(";w=")
        bytes.put(decimal: max(1, limit.limit.windowSeconds))
        bytes.put("\r\nRateLimit: \"tenant\";r=")
        bytes.put(decimal: Int64(max(0, limit.remaining)))
        bytes.put(";t=")
        bytes.put(decimal: max(0, limit.reset.secondsRoundedUp))
        bytes.put("\r\n")
    }

    func add(to response: inout HTTPResponse) {
        response.addLines(
            [UInt8](unsafeUninitializedCapacity: Self.mostBytes) { memory, count in
                var bytes = BytesWriter(UnsafeMutableRawBufferPointer(memory))
                write(to: &bytes)
                count = bytes.count
            })
    }
}
