// Which addresses a provider's name has, how long that is believed, and who looks it up.

/// Decides; HostResolver acts. At most one look-up of a name is under way, so that a name server that hangs
/// for one provider holds one thread and not all of them.
struct AddressBook<Waiter> {
    enum Action {
        case use([IPAddressValue])
        /// Nobody is asking: the caller looks the name up, and waits with the others.
        case lookUp
        case wait
    }

    private struct Entry {
        var addresses: [IPAddressValue] = []
        var goodUntil: ContinuousClock.Instant?
        /// Nil while no look-up is under way.
        var waiters: [Waiter]?
    }

    /// Short enough to follow a provider that moves, long enough not to ask for every token.
    static var goodFor: Duration { .seconds(30) }
    /// Hosts come from profiles; this only bounds a gateway with very many of them.
    private static var mostHosts: Int { 1_024 }

    private var entries: [String: Entry] = [:]

    /// What a request for `host` does now. `waiter` is kept unless the answer is `use`.
    mutating func ask(_ host: String, waiter: Waiter, at now: ContinuousClock.Instant) -> Action {
        var entry = entries[host] ?? Entry()
        if let until = entry.goodUntil, now < until { return .use(entry.addresses) }
        defer { entries[host] = entry }
        if entry.waiters == nil {
            forgetOld(at: now)
            entry.waiters = [waiter]
            return .lookUp
        }
        entry.waiters?.append(waiter)
        return .wait
    }

    /// A look-up has ended, with nil when the name could not be resolved: that is not remembered, the next
    /// request asks again. Returns who waited for it.
    mutating func ended(
        _ host: String, with addresses: [IPAddressValue]?, at now: ContinuousClock.Instant
    ) -> [Waiter] {
        let waiters = entries[host]?.waiters ?? []
        entries[host] = addresses.map {
            Entry(addresses: $0, goodUntil: now + AddressBook.goodFor, waiters: nil)
        }
        return waiters
    }

    /// Nobody could connect to `address`: until the next look-up it is tried last.
    mutating func demote(_ address: IPAddressValue, of host: String) {
        guard let index = entries[host]?.addresses.firstIndex(of: address) else { return }
        entries[host]?.addresses.remove(at: index)
        entries[host]?.addresses.append(address)
    }

    private mutating func forgetOld(at now: ContinuousClock.Instant) {
        guard entries.count >= AddressBook.mostHosts else { return }
        entries = entries.filter { $0.value.waiters != nil || $0.value.goodUntil.map { now < $0 } ?? false }
    }
}
