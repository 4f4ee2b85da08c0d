// A slot among those of a rotation: its credential has a successor, or a former one that is kept.

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
}
