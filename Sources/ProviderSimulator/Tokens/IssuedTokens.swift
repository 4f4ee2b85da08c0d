// Every token that is out: to whom, since when, until when. Bounded.

/// What the simulator remembers of a token.
struct IssuedToken: Sendable {
    enum Kind: String, Sendable {
        case access
        case refresh
        case scoped
    }

    let kind: Kind
    let provider: Provider
    let client: ClientID
    let issued: Moment
    let expires: Moment
    var revoked = false

    func isLive(at moment: Moment) -> Bool {
        !revoked && moment < expires
    }
}

/// The tokens that were issued. Dropped an hour after they expire, or when there are too many: oldest first.
struct IssuedTokens: Sendable {
    private static let most = 1_000_000
    private static let keptAfterExpirySeconds: Int64 = 3600
    /// A sweep looks at every token (about 0.1 s for a million), so it is done rarely.
    private static let sweepEverySeconds: Int64 = 600

    private var tokens: [TokenDigest: IssuedToken] = [:]
    private var order: [TokenDigest] = []
    private var orderStart = 0
    private var nextSweep = Moment(microseconds: 0)

    subscript(digest: TokenDigest) -> IssuedToken? {
        tokens[digest]
    }

    mutating func insert(_ token: IssuedToken, _ digest: TokenDigest, at now: Moment) {
        if now >= nextSweep { sweep(now) }
        if tokens.updateValue(token, forKey: digest) == nil {
            order.append(digest)
        }
        while tokens.count > Self.most {
            tokens[order[orderStart]] = nil
            orderStart += 1
        }
        if orderStart > Self.most {
            order.removeFirst(orderStart)
            orderStart = 0
        }
    }

    /// Whether there was such a token.
    mutating func revoke(_ digest: TokenDigest) -> Bool {
        guard tokens[digest] != nil else { return false }
        tokens[digest]?.revoked = true
        return true
    }

    /// Revokes every access and scoped token of a client, at one provider or all; says how many.
    /// Refresh tokens stay good: with them a gateway is to recover from the revocation.
    mutating func revoke(client: ClientID, at provider: Provider?) -> Int {
        let matching = tokens.filter { _, token in
            token.client == client && token.kind != .refresh && !token.revoked
                && (provider == nil || token.provider == provider)
        }
        for digest in matching.keys {
            tokens[digest]?.revoked = true
        }
        return matching.count
    }

    private mutating func sweep(_ now: Moment) {
        nextSweep = now + Self.sweepEverySeconds
        let kept = Self.keptAfterExpirySeconds
        tokens = tokens.filter { now < $0.value.expires + kept }
        order = order[orderStart...].filter { tokens[$0] != nil }
        orderStart = 0
    }
}
