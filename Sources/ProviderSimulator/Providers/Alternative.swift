// Alternative: an ordinary token first, and with it a JWT for one customer and one invoice.

extension ProviderRules {
    /// Document: the two steps, the path of the second, and the claims of its JWT.
    /// Assumption: everything else. The first step is client_credentials in a form body, 3600 s; the second
    /// takes JSON with exactly customer_id and invoice_id and answers {"token"}; the JWT lives 15 min.
    static let alternative = ProviderRules(
        tokenPath: "/oauth2/token",
        scopedPath: "/v1/checkout-auth/init",
        keySetPath: "/.well-known/jwks.json",
        authentication: .formBody,
        lifetimes: Lifetimes(accessSeconds: 3600, scopedSeconds: 15 * 60),
        words: englishWords)
}
