// Phoenix: "OAuth-like", id and secret in the body, one token for a whole merchant, one hour.

extension ProviderRules {
    /// Document: id and secret in the body, 3600 s.
    /// Assumption: the path, that the body is a form, and that the answer looks as in RFC 6749 §5.1.
    static let phoenix = ProviderRules(
        tokenPath: "/oauth2/token",
        authentication: .formBody,
        lifetimes: Lifetimes(accessSeconds: 3600),
        words: englishWords)
}
