// Why a request never reached its handler, and what it is told.
internal import BursarCore

/// What the server itself refuses.
package enum HTTPFault: Error, Sendable, Hashable {
    /// Not HTTP/1, or so ambiguous that two readers could disagree about it.
    case notHTTP(HTTPFlaw)
    case headTooLarge
    case bodyTooLarge(limit: Int)
    /// The rest of a request that had begun did not arrive in time.
    case tooSlow
    /// Nobody answered in time: a defect, but the caller must not wait for ever.
    case unanswered
}

/// What is wrong with a request that cannot be read.
package enum HTTPFlaw: Sendable, Hashable {
    case syntax, hostMissing, hostRepeated, framing, transferCoding
}

extension HTTPFault {
    var answer: ErrorAnswer {
        switch self {
        case .notHTTP(let flaw): ErrorAnswer(.badRequest, .invalidRequest, flaw.text)
        case .headTooLarge:
            ErrorAnswer(
                .headerFieldsTooLarge, .invalidRequest,
                "the request line or the header fields are too large: at most 8 KiB of URL, 16 KiB and 64 "
                    + "fields in all")
        case .bodyTooLarge(let limit):
            ErrorAnswer(.contentTooLarge, .invalidRequest, "the body is longer than \(limit) bytes")
        case .tooSlow:
            ErrorAnswer(.requestTimeout, .invalidRequest, "the request did not arrive completely in time")
        case .unanswered:
            ErrorAnswer(
                .serviceUnavailable, retryAfter: .seconds(1), "the gateway took too long to answer",
                fault: .gateway)
        }
    }
}

extension HTTPFlaw {
    fileprivate var text: String {
        switch self {
        case .syntax: "this is not an HTTP/1.1 request"
        case .hostMissing: "the Host header is missing"
        case .hostRepeated: "the Host header stands there more than once"
        case .framing: "Content-Length and Transfer-Encoding contradict each other or the HTTP version"
        case .transferCoding: "the only Transfer-Encoding that is read is chunked"
        }
    }
}
