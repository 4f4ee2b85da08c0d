// Why a provider says no, and the answer that says so.

import HTTPTypes

/// A refusal. `reason` is the simulator's own remark for its log and never holds what the caller sent.
struct Refusal: Error {
    /// The OAuth codes are those of RFC 6749 §5.2; the others are those of the providers' own APIs.
    enum Code: String, Sendable {
        case invalidRequest = "invalid_request"
        case invalidClient = "invalid_client"
        case unsupportedGrantType = "unsupported_grant_type"
        case invalidScope = "invalid_scope"
        case invalidGrant = "invalid_grant"
        case noToken = "NO_TOKEN"
        case invalidToken = "INVALID_TOKEN"
        /// Assumption: no document says what Zertiban answers without `x-tenant-id`.
        case invalidTenant = "INVALID_TENANT"
        case tooLarge = "request_too_large"

        var status: Int {
            switch self {
            case .invalidRequest, .unsupportedGrantType, .invalidScope, .invalidTenant: 400
            case .invalidClient, .noToken, .invalidToken: 401
            // Assumption: RFC 6749 would have 400; PaymentAPI's document speaks of 401.
            case .invalidGrant: 401
            case .tooLarge: 413
            }
        }
    }

    let code: Code
    let reason: String

    init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}

extension ProviderRules {
    /// OAuth endpoints say `error`, the providers' APIs say `code`.
    func reply(to refusal: Refusal, at endpoint: Endpoint) -> Reply {
        let words = JSONValue.string(words(refusal.code))
        let code = JSONValue.string(refusal.code.rawValue)
        switch endpoint {
        case .token, .refresh:
            let object = JSONObject([("error", code), ("error_description", words)])
            return .json(refusal.code.status, object, headers: challenge(refusal.code))
        case .scoped, .check:
            return .json(refusal.code.status, JSONObject([("code", code), ("message", words)]))
        }
    }

    private func challenge(_ code: Refusal.Code) -> HTTPFields {
        guard case .basicRaw(let realm) = authentication, code == .invalidClient else { return [:] }
        return [.wwwAuthenticate: "Basic realm=\"\(realm)\", charset=\"UTF-8\""]
    }
}
