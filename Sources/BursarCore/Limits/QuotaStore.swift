// Where replicas lend each other what they may still grant of a tenant's limit.

/// Implemented by BursarLedger, and in memory for tests; both pass the same suite. What one replica offers,
/// another takes, once. What it holds is never asked for by a request: all of it may be lost at any time.
package protocol QuotaStore: Sendable {
    /// One replica's exchange, for all its tenants at once: adds what it offers, then takes what it asks for
    /// from the others' offers. An offer that nobody has added to for two seconds is void, and so is an
    /// exchange whose number is not above that of the replica's last one for a tenant.
    func exchange(_ request: QuotaRequest) async throws(StoreFailure) -> QuotaAnswer
}

/// An amount of answers that may be granted.
package struct Quota: Sendable, Hashable, Comparable {
    /// In millionths of an answer: a bucket that holds less than two has to lend parts of one.
    package let millionths: Int64

    package init(millionths: Int64) { self.millionths = max(millionths, 0) }

    package static let none = Quota(millionths: 0)

    package static func < (left: Quota, right: Quota) -> Bool { left.millionths < right.millionths }

    package static func + (left: Quota, right: Quota) -> Quota {
        Quota(millionths: left.millionths + right.millionths)
    }

    package static func - (left: Quota, right: Quota) -> Quota {
        Quota(millionths: left.millionths - right.millionths)
    }

    /// In answers, for metrics.
    package var answers: Double { Double(millionths) / 1_000_000 }
}

/// What a replica asks and offers in one exchange, for all tenants that need it.
package struct QuotaRequest: Sendable, Hashable {
    package let replica: ReplicaID
    /// Grows with each exchange of this replica, so that one that was held up on its way does nothing.
    package let number: Int64
    package let steps: [QuotaStep]

    package init(replica: ReplicaID, number: Int64, steps: [QuotaStep]) {
        self.replica = replica
        self.number = number
        self.steps = steps
    }
}

/// What a replica does about one tenant. Without ask and offer it only asks what is left of earlier offers.
package struct QuotaStep: Sendable, Hashable {
    package let tenant: TenantID
    /// At most so much is taken; above nothing it makes the tenant one that others hear of for a second.
    package let ask: Quota
    /// Added to what this replica has offered already.
    package let offer: Quota

    package init(tenant: TenantID, ask: Quota = .none, offer: Quota = .none) {
        self.tenant = tenant
        self.ask = ask
        self.offer = offer
    }
}

/// What came of an exchange.
package struct QuotaAnswer: Sendable, Hashable {
    /// One for each step, but for those of an exchange that came too late.
    package let settlements: [QuotaSettlement]
    /// Tenants that other replicas ask for now; some, when they are very many.
    package let wanted: Set<TenantID>

    package init(settlements: [QuotaSettlement], wanted: Set<TenantID>) {
        self.settlements = settlements
        self.wanted = wanted
    }
}

/// What came of one step.
package struct QuotaSettlement: Sendable, Hashable {
    package let tenant: TenantID
    /// Of the others' offers; this replica's now.
    package let taken: Quota
    /// What others may still take of this replica's own offers.
    package let left: Quota

    package init(tenant: TenantID, taken: Quota, left: Quota) {
        self.tenant = tenant
        self.taken = taken
        self.left = left
    }
}
