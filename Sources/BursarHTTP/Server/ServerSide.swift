// The two sides on which Bursar listens.

/// Which server is meant, in logs, metrics and messages.
package enum ServerSide: String, Sendable, CaseIterable {
    case merchant, admin

    /// The settings that say where it listens (docs/API.md section 2).
    var portSetting: String {
        switch self {
        case .merchant: "BURSAR_HTTP_PORT"
        case .admin: "BURSAR_ADMIN_PORT"
        }
    }

    var hostSetting: String {
        switch self {
        case .merchant: "BURSAR_HTTP_HOST"
        case .admin: "BURSAR_ADMIN_HOST"
        }
    }

    /// What it answers.
    var routes: [Route] {
        switch self {
        case .merchant:
            [
                .oauthToken, .oauthRevoke, .token, .paymentToken, .checkoutAuth, .metadata, .live, .ready,
                .unknown, .unreadable,
            ]
        case .admin: [.metrics, .live, .ready, .version, .openAPI, .usageReport, .unknown, .unreadable]
        }
    }
}
