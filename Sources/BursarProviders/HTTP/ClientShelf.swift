// Which HTTP clients are kept, and which are closed when their last request has ended.

/// The provider's name and the one address its client connects to.
struct ClientKey: Hashable, Sendable {
    let host: String
    let address: IPAddressValue
}

/// Decides; ClientPool acts. A client lives for one name and one address: the address was judged, and the
/// client can connect nowhere else.
struct ClientShelf<Client: AnyObject> {
    private struct Entry {
        let client: Client
        let key: ClientKey
        var inFlight = 0
        var lastUse = 0
        /// Gets no new request, and is closed once the last one has ended.
        var isRetired = false
    }

    private let limit: Int
    private var entries: [ObjectIdentifier: Entry] = [:]
    private var current: [ClientKey: ObjectIdentifier] = [:]
    private var uses = 0

    /// Keeps at most `limit` clients, besides retired ones that still have requests.
    init(limit: Int) { self.limit = limit }

    /// The client for `key`, made if there is none, with one more request in flight; and those to close for
    /// it.
    mutating func borrow(_ key: ClientKey, make: () -> Client) -> (client: Client, toClose: [Client]) {
        uses += 1
        var toClose: [Client] = []
        var entry: Entry
        if let known = current[key].flatMap({ entries[$0] }) {
            entry = known
        } else {
            while current.count >= limit, let oldest = leastRecentlyUsed { toClose += retire(oldest) }
            entry = Entry(client: make(), key: key)
        }
        entry.inFlight += 1
        entry.lastUse = uses
        let id = ObjectIdentifier(entry.client)
        entries[id] = entry
        current[key] = id
        return (entry.client, toClose)
    }

    /// A request of `client` has ended. Returns the client when it is to be closed now.
    mutating func giveBack(_ client: Client) -> Client? {
        let id = ObjectIdentifier(client)
        entries[id]?.inFlight -= 1
        guard let entry = entries[id], entry.isRetired, entry.inFlight == 0 else { return nil }
        entries[id] = nil
        return entry.client
    }

    /// `host` now has these addresses only. Returns clients to close.
    mutating func keep(_ addresses: [IPAddressValue], of host: String) -> [Client] {
        let gone = current.filter { $0.key.host == host && !addresses.contains($0.key.address) }
        return gone.values.flatMap { retire($0) }
    }

    /// Empties the shelf; every client is to be closed, in flight or not.
    mutating func removeAll() -> [Client] {
        defer {
            entries = [:]
            current = [:]
        }
        return entries.values.map(\.client)
    }

    var count: Int { entries.count }

    /// Idle ones go before busy ones.
    private var leastRecentlyUsed: ObjectIdentifier? {
        current.values.min { left, right in
            let (left, right) = (entries[left], entries[right])
            let (leftBusy, rightBusy) = ((left?.inFlight ?? 0) > 0, (right?.inFlight ?? 0) > 0)
            return leftBusy == rightBusy ? (left?.lastUse ?? 0) < (right?.lastUse ?? 0) : rightBusy
        }
    }

    private mutating func retire(_ id: ObjectIdentifier) -> [Client] {
        guard let entry = entries[id] else { return [] }
        current[entry.key] = nil
        guard entry.inFlight == 0 else {
            entries[id]?.isRetired = true
            return []
        }
        entries[id] = nil
        return [entry.client]
    }
}
