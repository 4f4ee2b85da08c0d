// The client ids and secrets that each provider knows.

/// Which secrets are good for which client. Bounded.
struct CredentialBook: Sendable {
    private struct Key: Hashable {
        let provider: Provider
        let client: ClientID
    }

    enum Failure: Error {
        case full
    }

    private static let mostClients = 100_000
    /// With `overlap`, so many secrets of one client are good at once; the oldest goes first.
    private static let mostSecrets = 4

    private var secrets: [Key: [ClientSecret]] = [:]

    /// Adds or replaces; with `overlap` the secrets before stay good.
    mutating func put(
        _ secret: ClientSecret, of client: ClientID, at provider: Provider, overlap: Bool
    ) throws(Failure) {
        let key = Key(provider: provider, client: client)
        guard secrets[key] != nil || secrets.count < Self.mostClients else { throw .full }
        let kept = overlap ? secrets[key, default: []].filter { $0 != secret } : []
        secrets[key] = (kept + [secret]).suffix(Self.mostSecrets)
    }

    /// Whether there was such a client.
    mutating func remove(_ client: ClientID, at provider: Provider) -> Bool {
        secrets.removeValue(forKey: Key(provider: provider, client: client)) != nil
    }

    func knows(_ client: ClientID, at provider: Provider) -> Bool {
        secrets[Key(provider: provider, client: client)] != nil
    }

    func authenticate(_ identity: ClaimedIdentity, at provider: Provider) throws(Refusal) -> ClientID {
        if accepts(identity.client, identity.secret, at: provider) { return identity.client }
        if let (client, secret) = identity.formDecoded, accepts(client, secret, at: provider) {
            throw Refusal(.invalidClient, "the Basic halves are form-encoded; this provider wants them raw")
        }
        guard knows(identity.client, at: provider) else { throw Refusal(.invalidClient, "unknown client") }
        throw Refusal(.invalidClient, "wrong secret")
    }

    private func accepts(_ client: ClientID, _ secret: ClientSecret, at provider: Provider) -> Bool {
        secrets[Key(provider: provider, client: client), default: []].contains(secret)
    }
}
