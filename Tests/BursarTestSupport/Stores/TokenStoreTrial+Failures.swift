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
