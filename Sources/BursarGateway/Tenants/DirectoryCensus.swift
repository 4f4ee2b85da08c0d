// What the census goes through at leisure, apart from what requests look up.
internal import BursarCore

/// Changed with the tables, under a lock that no request takes: where a census reads it then, it is copied.
struct DirectoryCensus {
    /// When those client secrets end that have an end.
    private(set) var endings: [ClientID: Instant] = [:]
    /// Tenants with a connection whose former credential is kept.
    private(set) var rotating: [TenantID: TenantEntry] = [:]

    mutating func apply(_ changes: DirectoryChanges, _ effects: DirectoryTables.Effects) {
        if changes.isComplete { self = DirectoryCensus() }
        for id in changes.touchedClients { endings[id] = nil }
        for client in changes.clients { endings[client.id] = client.expiresAt }
        for entry in effects.replaced { rotating[entry.id] = nil }
        for entry in effects.made where entry.connections.contains(where: { $0.fallback != nil }) {
            rotating[entry.id] = entry
        }
    }

    /// How many client secrets end soon and have not ended.
    func clientSecrets(endingWithin span: Duration, of now: Instant) -> Int {
        endings.values.count { $0 > now && $0 - now <= span }
    }

    /// How many connections live on a former credential.
    func connectionsServedByFormer(at now: Instant) -> Int {
        rotating.values.reduce(0) { $0 + $1.connections.count { $0.isServedByFormer(at: now) } }
    }
}
