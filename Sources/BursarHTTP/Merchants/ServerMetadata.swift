// Authorization server metadata (RFC 8414), for clients that find the token endpoint by it.
internal import BursarCore

struct ServerMetadata {
    /// The paths at which it is found: the plain one, and the one with the issuer's own path behind it
    /// (RFC 8414 §3.1).
    let paths: [String]
    let json: [UInt8]

    init(issuer: String) {
        let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        paths = [Route.metadata.template, Route.metadata.template + ServerMetadata.path(of: base)]
        var json = JSONWriter(capacity: 512)
        json.member("issuer", issuer)
        json.member("token_endpoint", base + Route.oauthToken.template)
        json.member("token_endpoint_auth_methods_supported", ["client_secret_basic", "client_secret_post"])
        json.member("grant_types_supported", ["client_credentials"])
        // There is no authorization endpoint, so no response type. The member is required all the same, and
        // authlib refuses an empty list: "none" is the registered word for it.
        json.member("response_types_supported", ["none"])
        // No revocation_endpoint: stock clients revoke what they hold when they stop, and here that would
        // renew a token that others use.
        self.json = json.finished()
    }

    /// What stands behind the host; empty when nothing does.
    private static func path(of url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.count == 4 && !parts[3].isEmpty ? "/" + parts[3] : ""
    }
}
