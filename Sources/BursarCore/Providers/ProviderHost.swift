// Where a provider's requests go, as far as its being up or down is concerned.

/// Scheme, host and port of a provider's URL. Two providers behind one name are apart: what fails for one
/// says nothing of the other.
package struct ProviderHost: Hashable, Sendable {
    package let provider: ProviderID
    /// As in RFC 6454: lower case, and without the scheme's own port.
    package let origin: String

    package init(provider: ProviderID, url: String) {
        self.provider = provider
        let scheme = url.firstRange(of: "://").map { url[..<$0.upperBound].lowercased() } ?? ""
        var authority = url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }.lowercased()
        let standard = scheme == "https://" ? ":443" : ":80"
        if authority.hasSuffix(standard) { authority.removeLast(standard.count) }
        origin = scheme + authority
    }
}

extension ProviderProfile {
    /// Whom a request of `step` goes to. Where the profile lacks what its URL is made of nothing is sent.
    package func host(of step: RefreshEvent.Step, in environment: ProviderEnvironment) -> ProviderHost {
        let path =
            switch step {
            case .full: token.path
            case .refresh: refresh?.path
            case .scoped: scoped?.path
            }
        return ProviderHost(provider: id, url: (try? url(path, in: environment)) ?? "")
    }
}
