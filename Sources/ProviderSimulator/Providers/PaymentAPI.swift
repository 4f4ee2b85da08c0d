// PaymentAPI: client_credentials with a refresh token that lives 24 h from the full exchange.

extension ProviderRules {
    /// Document: both paths, about 900 s, the refresh answer without a new refresh token, and the 24 h.
    /// Assumption: id and secret stand in a form body; no `token_type`, since the document lists
    /// access_token, refresh_token and expires_in only; the refresh call takes no client authentication
    /// and refuses one; a dead refresh token is 401 `invalid_grant`.
    static let paymentapi = ProviderRules(
        tokenPath: "/api/v1/oauth2/token",
        refreshPath: "/api/v1/oauth2/refresh",
        authentication: .formBody,
        lifetimes: Lifetimes(accessSeconds: 900, refreshSeconds: 24 * 3600),
        namesTokenType: false,
        words: englishWords)
}
