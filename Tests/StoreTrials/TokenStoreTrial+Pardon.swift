// The steps of TokenStoreBehaviour about credentials that were rejected with many others.
internal import BursarCore
internal import Testing

extension TokenStoreTrial {
    func pardonEndsTheQuarantine(sparing other: SlotKey) async throws {
        let sibling = TokenStoreTrial(world: world, slot: other)
        for trial in [self, sibling] { try await trial.fail(.invalidClient, retryIn: .seconds(600)) }
        // Another owner's word does not count.
        try await store.pardon([slot.fields.credential: other.fields.owner])
        #expect(try await world.credentialState(of: slot) == .rejected)
        try await store.pardon([slot.fields.credential: slot.fields.owner])
        #expect(try await world.credentialState(of: slot) == .active)
        try await take()
        #expect(try await world.credentialState(of: other) == .rejected)
        guard case .quarantined = try await sibling.lease(by: Self.second) else {
            Issue.record("the other credential stays quarantined")
            return
        }
    }

    func pardonLeavesOthersAlone() async throws {
        try await store.pardon([:])
        try await fail(.serverError, retryIn: .seconds(600), count: 4)
        let lease = try await take(by: Self.first)
        try await store.pardon([slot.fields.credential: slot.fields.owner])
        guard case .held = try await self.lease(by: Self.second) else {
            Issue.record("a lease stands, pardoned or not")
            return
        }
        let failure = StoredFailure(reason: .invalidClient, count: 1, retryIn: .seconds(600))
        try await store.release(slot, lease: lease, after: failure)
        #expect(try await world.credentialState(of: slot) == .rejected, "its next rejection counts again")
    }
}
