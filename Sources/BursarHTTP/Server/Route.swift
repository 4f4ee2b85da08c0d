// Every path that Bursar answers, on either side.

/// A place for each in the tables of metrics.
package enum Route: Int, Sendable, CaseIterable {
    case oauthToken, oauthRevoke, token, paymentToken, checkoutAuth, metadata, live, ready, metrics, version
    case openAPI, usageReport
    /// A path that is none of these.
    case unknown
    /// No request that could be read.
    case unreadable

    /// What logs and metrics say instead of the path that was asked for.
    package var template: String {
        switch self {
        case .oauthToken: "/oauth2/token"
        case .oauthRevoke: "/oauth2/revoke"
        case .token: "/v1/token"
        case .paymentToken: "/api/payment-token"
        case .checkoutAuth: "/v1/checkout-auth/init"
        case .metadata: "/.well-known/oauth-authorization-server"
        case .live: "/livez"
        case .ready: "/readyz"
        case .metrics: "/metrics"
        case .version: "/version"
        case .openAPI: "/openapi.json"
        case .usageReport: "/reports/usage"
        case .unknown: "unknown"
        case .unreadable: "unreadable"
        }
    }

    /// The methods that it has. A token is a GET but no HEAD: it would spend and count an answer that
    /// carries no token.
    package var methods: [HTTPMethod] {
        switch self {
        case .oauthToken, .oauthRevoke, .checkoutAuth: [.post]
        case .token, .paymentToken: [.get]
        case .metadata, .live, .ready, .metrics, .version, .openAPI, .usageReport: [.get, .head]
        case .unknown, .unreadable: []
        }
    }

    /// Whether tokens are asked for here, so that a refusal counts as an answer to a merchant.
    var isForTokens: Bool {
        switch self {
        case .oauthToken, .oauthRevoke, .token, .paymentToken, .checkoutAuth: true
        case .metadata, .live, .ready, .metrics, .version, .openAPI, .usageReport, .unknown, .unreadable:
            false
        }
    }

    /// The longest body that is read.
    var bodyLimit: Int { self == .checkoutAuth ? 16_384 : 8_192 }
}
