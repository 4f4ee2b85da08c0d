// Zatlas: id and secret in the form body, one hour.

extension ProviderRules {
    /// Document: path, authentication, 3600 s, and that the answer has access_token, token_type, expires_in.
    /// Assumption: unknown members are ignored and a scope is taken; the document names neither.
    static let zatlas = ProviderRules(
        tokenPath: "/oauth2/token",
        authentication: .formBody,
        lifetimes: Lifetimes(accessSeconds: 3600),
        words: englishWords)
}
