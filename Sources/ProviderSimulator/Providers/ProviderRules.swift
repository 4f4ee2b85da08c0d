// What a provider's document lays down, as a value; each provider's file fills one in.

/// The facts by which one provider is played.
struct ProviderRules: Sendable {
    /// How a client proves who it is at the token endpoint.
    enum Authentication: Sendable {
        /// `client_id` and `client_secret` as members of the form body, and no `Authorization` header.
        case formBody
        /// HTTP Basic over the raw `id:secret`, and neither in the body.
        case basicRaw(realm: String)
    }

    /// What happens to form members that the document does not name.
    enum OtherMembers: Sendable {
        /// RFC 6749 §3.2: the server ignores them. Their names are in the log.
        case ignored
        case refused
    }

    /// Paths below `/<provider>`.
    let tokenPath: String
    var refreshPath: String? = nil
    var scopedPath: String? = nil
    var keySetPath: String? = nil
    let authentication: Authentication
    var otherMembers = OtherMembers.ignored
    /// Whether a scope that is not empty is taken.
    var takesScope = true
    let lifetimes: Lifetimes
    /// Whether the token answer has `token_type`.
    var namesTokenType = true
    /// Whether `/api/check` wants `x-tenant-id`.
    var wantsTenant = false
    /// What a refusal says to people, in the provider's own words.
    let words: @Sendable (Refusal.Code) -> String

    func path(_ endpoint: Endpoint) -> String? {
        switch endpoint {
        case .token: tokenPath
        case .refresh: refreshPath
        case .scoped: scopedPath
        case .check: "/api/check"
        }
    }
}

/// How long what a provider hands out stays good; nil for what it does not hand out.
struct Lifetimes: Sendable {
    var accessSeconds: Int64
    var refreshSeconds: Int64? = nil
    var scopedSeconds: Int64? = nil
}

/// Stands in every error text of every provider. A gateway that shows it to anyone echoes provider text.
let echoMarker = "PROVIDER-TEXT-7f3a9c"

/// What the providers that document no error text are made to say.
@Sendable func englishWords(_ code: Refusal.Code) -> String {
    "The request was refused: \(code.rawValue). [\(echoMarker)]"
}
