// A slot among others: of a rotation, and of the other replicas.

extension TokenSlot {
    /// Whether a caller had better be given `spare`, the former credential's token, than wait for this slot.
    /// Not while the provider's last word is that the credential is wrong: then the former one is asked with
    /// instead, which renews its token.
    package func yields(to spare: Token, for demand: TokenDemand, at now: Instant) -> Bool {
        if let token = goodToken(at: now), demand.accepts(token) { return false }
        if case .coolingDown(let cooling, _) = state, now < cooling.retryAt,
            cooling.failure.reason.quarantines
        {
            return false
        }
        return spare.isGood(at: now) && demand.accepts(spare) && demand.isSatisfied(by: spare, at: now)
    }

    /// Whether the slot is to have a token by itself. One that is only kept is not.
    func isRelied(at now: Instant, keepWarm: Bool) -> Bool { !isKept && (keepWarm || isInUse(at: now)) }

    /// Whether somebody has asked lately: within twice the token's life, or an hour.
    package func isInUse(at now: Instant) -> Bool {
        guard let lastUsed else { return false }
        let life = heldToken?.lifetime ?? .zero
        return now - lastUsed <= max(life * 2, .seconds(3_600))
    }

    /// How often a slot that is relied on looks whether another replica's quarantine still stands, and how
    /// long: while that replica may yet find that the provider rejects everyone, and pardon it.
    static let recallInterval: Duration = .seconds(5)
    static let recallTime: Duration = MassRejection.window + .seconds(5)
}
