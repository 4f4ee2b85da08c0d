// What a store remembers of failures.
internal import BursarCore
internal import Testing

extension TokenStoreTrial {
    func releaseGivesTheLeaseBack() async throws {
        let lease = try await take()
        try await store.release(slot, lease: lease, after: failure(.timedOut))
        try await take(by: Self.second)
    }

    func releaseUnderAnEarlierEpochChangesNothing() async throws {
        let late = try await take(for: .seconds(-1))
        try await take(by: Self.second)
        try await store.release(slot, lease: late, after: failure(.invalidClient))
        guard case .held = try await lease(by: Self.first) else {
            Issue.record("the present holder keeps its lease, and no quarantine begins")
            return
        }
    }

    func releaseKeepsTheStoredToken() async throws {
        try await publish(token(generation: 5))
        let lease = try await take(newerThan: Generation(5))
        try await store.release(slot, lease: lease, after: failure(.serverError))
        #expect(try await current().generation == Generation(5))
    }

    func rejectionIsQuarantined() async throws {
        try await fail(.invalidClient, retryIn: .seconds(600), count: 3)
        guard case .quarantined(let stored) = try await lease(by: Self.second) else {
            Issue.record("a rejected credential is left alone")
            return
        }
        #expect(stored.reason == .invalidClient && stored.count == 3)
        #expect(stored.retryIn <= .seconds(600) && stored.retryIn > .seconds(500))
    }

    func quarantineEndsByItself() async throws {
        try await fail(.invalidClient, retryIn: .seconds(-1))
        try await take()
    }

    func otherFailuresAreNotQuarantined() async throws {
        for reason in FailureReason.allCases where !reason.quarantines {
            try await fail(reason, retryIn: .seconds(600))
        }
        try await take()
    }

    func aNamedTimeHoldsForEveryReplica() async throws {
        try await publish(token(generation: 5))
        try await fail(
            .rateLimited, retryIn: .seconds(600), count: 2, isNamed: true, newerThan: Generation(5))
        for replica in [Self.first, Self.second] {
            guard case .postponed(let stored) = try await lease(by: replica, newerThan: Generation(5)) else {
                Issue.record("nobody asks before the time that the provider has named")
                return
            }
            #expect(stored.reason == .rateLimited && stored.count == 2 && stored.isNamed)
            #expect(stored.retryIn <= .seconds(600) && stored.retryIn > .seconds(500))
        }
        #expect(try await current().generation == Generation(5), "a good token is given all the same")
        #expect(try await world.credentialState(of: slot) == .active)
    }

    func aNamedTimeEndsByItself() async throws {
        try await fail(.serverError, retryIn: .seconds(-1), isNamed: true)
        try await fail(.serverError, retryIn: .seconds(600))  // by the replica's own choice
        try await publish(token(generation: 1))
        try await take(newerThan: Generation(1))
    }

    func releaseWithoutAFailure() async throws {
        try await fail(.rateLimited, retryIn: .seconds(-1), count: 3)
        let lease = try await take()
        try await store.release(slot, lease: lease, after: nil)
        let next = try await take(by: Self.second)
        try await store.release(slot, lease: lease, after: nil)
        guard case .held = try await self.lease(by: Self.first) else {
            Issue.record("a lease that has moved on is left alone")
            return
        }
        let rejection = StoredFailure(reason: .invalidClient, count: 1, retryIn: .seconds(600))
        try await store.release(slot, lease: next, after: rejection)
        guard case .quarantined = try await self.lease(by: Self.first) else {
            Issue.record("a rejected credential is left alone")
            return
        }
        try await store.release(slot, lease: next, after: nil)
        guard case .quarantined = try await self.lease(by: Self.first) else {
            Issue.record("what is remembered stays")
            return
        }
    }

    func storedTokenIsFoundWithoutALease() async throws {
        let request = LeaseRequest(
            replica: Self.second, duration: .seconds(600), newerThan: .none, minimumLife: .seconds(1))
        #expect(try await store.current(slot, request) == nil)
        try await take(for: .seconds(-1))
        try await publish(token(generation: 5))
        #expect(try await store.current(slot, request)?.generation == Generation(5))
        let later = LeaseRequest(
            replica: Self.second, duration: .seconds(600), newerThan: Generation(5),
            minimumLife: .seconds(1))
        #expect(try await store.current(slot, later) == nil)
        try await take(newerThan: Generation(5))  // looking took no lease
        try await world.replaceCredential(of: slot)
        #expect(try await store.current(slot, request) == nil)
    }

    func storedTokenIsGivenDuringAQuarantine() async throws {
        try await publish(token(generation: 5))
        try await fail(.invalidClient, retryIn: .seconds(600), newerThan: Generation(5))
        #expect(try await current().generation == Generation(5))
        guard case .quarantined = try await lease(by: Self.first, newerThan: Generation(5)) else {
            Issue.record("a later token may not be asked for")
            return
        }
    }

    func rejectionMarksTheCredential() async throws {
        try await fail(.serverError, retryIn: .seconds(1))
        #expect(try await world.credentialState(of: slot) == .active)
        try await fail(.invalidClient, retryIn: .seconds(-1))
        #expect(try await world.credentialState(of: slot) == .rejected)
        try await publish(token(generation: 1))
        #expect(try await world.credentialState(of: slot) == .active)
        try await take(newerThan: Generation(1))  // and nothing of the failure is left
    }

    func isSuperseded(after change: () async throws -> Void) async throws {
        try await change()
        guard case .superseded = try await lease(by: Self.first) else {
            Issue.record("there is no token to be had for this credential")
            return
        }
    }

    func isSupersededThoughATokenIsStored(after change: () async throws -> Void) async throws {
        try await publish(token(generation: 1))
        try await isSuperseded(after: change)
    }
}
