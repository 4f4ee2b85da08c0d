// The one shape of every error answer (docs/API.md section 4, RFC 6749 §5.2).
internal import BursarCore

/// The codes that stand in `error`.
enum ErrorCode: String, CaseIterable {
    case invalidRequest = "invalid_request"
    case invalidClient = "invalid_client"
    case unauthorizedClient = "unauthorized_client"
    case unsupportedGrantType = "unsupported_grant_type"
    case invalidScope = "invalid_scope"
    case invalidTarget = "invalid_target"
    case temporarilyUnavailable = "temporarily_unavailable"
}

struct ErrorAnswer {
    var status: HTTPStatus
    var code: ErrorCode
    /// What was wrong and what to do, in our own words.
    var description: String
    var fault: Fault
    /// Set where the same request may succeed later.
    var retryAfter: Duration?
    /// On a 401 and nowhere else: Spring takes a 400 that carries it for a `server_error`.
    var challenge: Challenge?
    var allowed: [HTTPMethod] = []

    init(_ status: HTTPStatus, _ code: ErrorCode, _ description: String, fault: Fault = .caller) {
        self.status = status
        self.code = code
        self.description = description
        self.fault = fault
    }

    /// An answer that asks to come back later.
    init(_ status: HTTPStatus, retryAfter: Duration, _ description: String, fault: Fault) {
        self.init(status, .temporarilyUnavailable, description, fault: fault)
        self.retryAfter = retryAfter
    }

    /// Whole seconds and at least one, because MSAL reads an integer and 0 would mean "at once".
    private var retrySeconds: Int64? { retryAfter.map { max(1, $0.secondsRoundedUp) } }

    func response(limit: LimitFields? = nil) -> HTTPResponse {
        var json = JSONWriter()
        json.member("error", code.rawValue)
        json.member("error_description", ErrorText.allowed(description))
        json.member("fault", fault.rawValue)
        json.member("retryable", retryAfter != nil)
        var response = HTTPResponse(status, json: json.finished())
        response.add(.uncached)
        if let challenge { response.add("WWW-Authenticate", challenge.text) }
        if let retrySeconds { response.add("Retry-After", retrySeconds) }
        if !allowed.isEmpty { response.add("Allow", allowed.map(\.name).joined(separator: ", ")) }
        limit?.add(to: &response)
        return response
    }
}

/// What `WWW-Authenticate` says.
enum Challenge {
    case basic
    case bearer
    /// A bearer was sent, and it is not one of ours (RFC 6750 §3.1).
    case bearerRefused

    var text: String {
        switch self {
        case .basic: #"Basic realm="bursar", charset="UTF-8""#
        case .bearer: #"Bearer realm="bursar""#
        case .bearerRefused: #"Bearer realm="bursar", error="invalid_token""#
        }
    }
}

enum ErrorText {
    /// `error_description` may hold %x20-21 / %x23-5B / %x5D-7E only (RFC 6749 §5.2). Our own words do; what
    /// a caller sent and we name back to it may not.
    static func allowed(_ text: String) -> String {
        guard !text.utf8.allSatisfy(isAllowed) else { return text }
        return String(
            decoding: text.unicodeScalars.map { scalar in
                scalar.isASCII && isAllowed(UInt8(scalar.value)) ? UInt8(scalar.value) : UInt8(ascii: "?")
            }, as: UTF8.self)
    }

    /// A name that a caller sent, cut to what fits in a sentence.
    static func named(_ text: String) -> String { allowed(String(text.unicodeScalars.prefix(64))) }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}
