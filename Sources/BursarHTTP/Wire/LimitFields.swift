// What the rate limit looks like from outside (draft-ietf-httpapi-ratelimit-headers).
internal import BursarCore
internal import BursarGateway

/// `RateLimit-Policy` and `RateLimit`: one policy, named "tenant".
struct LimitFields {
    private let policy: String
    private let state: String

    init(_ limit: LimitState) {
        let window = max(1, limit.limit.window.secondsRoundedUp)
        policy = #""tenant";q=\#(limit.limit.burst);w=\#(window)"#
        state = #""tenant";r=\#(max(0, limit.remaining));t=\#(max(0, limit.reset.secondsRoundedUp))"#
    }

    func add(to response: inout HTTPResponse) {
        response.add("RateLimit-Policy", policy)
        response.add("RateLimit", state)
    }
}
