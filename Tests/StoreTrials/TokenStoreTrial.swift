// The steps of TokenStoreBehaviour. None of them waits: a lease that has ended is one that lasted less than
// no time.
internal import BursarCore
internal import Testing

struct TokenStoreTrial<World: TokenStoreWorld>: Sendable {
    let world: World
    let slot: SlotKey
    var store: World.Store { world.store }

    static var first: ReplicaID { ReplicaID(UUIDValue(high: 1, low: 1)) }
    static var second: ReplicaID { ReplicaID(UUIDValue(high: 2, low: 2)) }

    // MARK: Leases

    func leaseIsExclusive() async throws {
        try await take()
        guard case .held(let remaining) = try await lease(by: Self.second) else {
            Issue.record("a second replica must wait")
            return
        }
        #expect(remaining > .zero && remaining <= .seconds(600))
        guard case .held = try await lease(by: Self.first) else {
            Issue.record("not even the holder has it twice")
            return
        }
    }

    func leaseThatEndedIsTakenOver() async throws {
        let ended = try await take(for: .seconds(-1))
        let taken = try await take(by: Self.second)
        #expect(taken.epoch > ended.epoch)
    }

    func everyLeaseHasALaterEpoch() async throws {
        var epochs: [Int64] = []
        for _ in 0..<5 {
            let lease = try await take()
            epochs.append(lease.epoch)
            try await store.release(slot, lease: lease, after: failure(.serverError))
        }
        #expect(epochs == Array(Set(epochs)).sorted())
    }

    func slotsOfOtherOwnersAreApart() async throws {
        let other = TokenStoreTrial(world: world, slot: try await world.makeSlot())
        try await take()
        let lease = try await other.take()
        #expect(try await store.publish(token(generation: 7), in: other.slot, lease: lease) == .stored)
        guard case .held = try await self.lease(by: Self.second) else {
            Issue.record("the first slot's lease stands")
            return
        }
    }

    func whoLeavesGivesBackItsOwnLeases() async throws {
        let lease = try await take()
        try await store.giveBack([slot], by: Self.second)
        guard case .held = try await self.lease(by: Self.second) else {
            Issue.record("another's lease stands")
            return
        }
        try await store.giveBack([slot], by: Self.first)
        let next = try await take(by: Self.second)
        #expect(next.epoch > lease.epoch)
    }

    // MARK: Tokens

    func publishedTokenComesBackWhole() async throws {
        let sent = token(generation: 42)
        try await publish(sent)
        let stored = try await current()
        #expect(stored.access == sent.access)
        #expect(stored.refresh == sent.refresh)
        #expect(stored.generation == sent.generation)
        #expect(stored.jitter == sent.jitter)
    }

    func tokenWithoutRefreshTokenComesBackWithoutOne() async throws {
        try await publish(token(generation: 1))
        try await publish(token(generation: 2, refresh: nil), newerThan: Generation(1))
        let stored = try await current()
        #expect(stored.refresh == nil && stored.refreshRemaining == nil)
    }

    func timesAreRelativeToNow() async throws {
        try await publish(token(generation: 1))
        let stored = try await current()
        #expect(stored.age >= .seconds(100) && stored.age < .seconds(200))
        #expect(stored.remaining <= .seconds(1_000) && stored.remaining > .seconds(900))
        let refresh = try #require(stored.refreshRemaining)
        #expect(refresh <= .seconds(80_000) && refresh > .seconds(79_900))
    }

    func aTokenThatIsLongOnItsWayEndsNoLater() async throws {
        let lease = try await take()
        let earlier = Lease(
            epoch: lease.epoch, floor: lease.floor, grantedAt: lease.grantedAt - .seconds(400))
        #expect(try await store.publish(token(generation: 1), in: slot, lease: earlier) == .stored)
        let stored = try await current()
        #expect(stored.age >= .seconds(500) && stored.age < .seconds(600))
        #expect(stored.remaining <= .seconds(600) && stored.remaining > .seconds(500))
        let refresh = try #require(stored.refreshRemaining)
        #expect(refresh <= .seconds(79_600) && refresh > .seconds(79_500))
    }

    func goodTokenMakesTheLeaseNeedless() async throws {
        try await publish(token(generation: 5))
        #expect(try await current(newerThan: Generation(4)).generation == Generation(5))
    }

    func goodTokenIsGivenWhileAnotherLeases() async throws {
        try await publish(token(generation: 5))
        try await take(newerThan: Generation(5))
        #expect(try await current(newerThan: .none).generation == Generation(5))
    }

    func tokenThatIsNotNewerDoesNot() async throws {
        try await publish(token(generation: 5))
        try await take(newerThan: Generation(5))
    }

    func tokenThatEndsTooSoonDoesNot() async throws {
        try await publish(token(generation: 5))
        try await take(minimumLife: .seconds(2_000))
    }

    func previousTokenComesWithTheLease() async throws {
        guard case .leased(let lease, nil) = try await lease(by: Self.first) else {
            Issue.record("a new slot has no previous token")
            return
        }
        _ = try await store.publish(token(generation: 5), in: slot, lease: lease)
        guard case .leased(_, let previous?) = try await self.lease(by: Self.second, newerThan: Generation(5))
        else {
            Issue.record("the previous token must come along")
            return
        }
        #expect(previous.generation == Generation(5))
        #expect(previous.refresh == token(generation: 5).refresh)
    }

    func publishingGivesTheLeaseBack() async throws {
        try await publish(token(generation: 5))
        try await take(by: Self.second, newerThan: Generation(5))
    }

    func publishingUnderAnEarlierEpochIsRefused() async throws {
        let late = try await take(for: .seconds(-1))
        let present = try await take(by: Self.second)
        #expect(try await store.publish(token(generation: 1), in: slot, lease: late) == .superseded)
        #expect(try await store.publish(token(generation: 2), in: slot, lease: present) == .stored)
        #expect(try await store.publish(token(generation: 3), in: slot, lease: late) == .superseded)
        #expect(try await current().generation == Generation(2))
    }

    func publishingAfterTheLeaseEndedIsTaken() async throws {
        let late = try await take(for: .seconds(-1))
        #expect(try await store.publish(token(generation: 1), in: slot, lease: late) == .stored)
    }

    func publishingIsRefused(after change: () async throws -> Void) async throws {
        let lease = try await take()
        try await change()
        #expect(try await store.publish(token(generation: 1), in: slot, lease: lease) == .superseded)
    }

    // MARK: Steps

    func lease(
        by replica: ReplicaID, for duration: Duration = .seconds(600), newerThan: Generation = .none,
        minimumLife: Duration = .seconds(1)
    ) async throws -> LeaseAnswer {
        try await store.lease(
            slot,
            LeaseRequest(replica: replica, duration: duration, newerThan: newerThan, minimumLife: minimumLife)
        )
    }

    @discardableResult
    func take(
        by replica: ReplicaID = first, for duration: Duration = .seconds(600), newerThan: Generation = .none,
        minimumLife: Duration = .seconds(1)
    ) async throws -> Lease {
        let answer = try await lease(
            by: replica, for: duration, newerThan: newerThan, minimumLife: minimumLife)
        guard case .leased(let lease, _) = answer else {
            throw UnexpectedLeaseAnswer(answer: answer)
        }
        return lease
    }

    func publish(_ token: StoredToken, newerThan: Generation = .none) async throws {
        let lease = try await take(newerThan: newerThan)
        #expect(try await store.publish(token, in: slot, lease: lease) == .stored)
    }

    func fail(
        _ reason: FailureReason, retryIn: Duration, count: Int = 1, isNamed: Bool = false,
        newerThan: Generation = .none
    ) async throws {
        let lease = try await take(newerThan: newerThan)
        try await store.release(
            slot, lease: lease,
            after: StoredFailure(reason: reason, count: count, retryIn: retryIn, isNamed: isNamed))
    }

    func current(newerThan: Generation = .none) async throws -> StoredToken {
        let answer = try await lease(by: Self.second, newerThan: newerThan)
        guard case .current(let token) = answer else { throw UnexpectedLeaseAnswer(answer: answer) }
        return token
    }

    func failure(_ reason: FailureReason) -> StoredFailure {
        StoredFailure(reason: reason, count: 1, retryIn: .seconds(60))
    }

    func token(
        generation: Int64, refresh: SealedValue? = SealedValue(bytes: [9, 8, 7], keyVersion: 1)
    ) -> StoredToken {
        StoredToken(
            access: SealedValue(bytes: [0, 1, 2, 255], keyVersion: 1), refresh: refresh,
            generation: Generation(generation), age: .seconds(100), remaining: .seconds(1_000),
            refreshRemaining: refresh == nil ? nil : .seconds(80_000), jitter: 0.123456789012345)
    }
}

/// The store said something else than the step needs.
struct UnexpectedLeaseAnswer: Error, CustomStringConvertible {
    let answer: LeaseAnswer
    var description: String { "unexpected: \(answer)" }
}
