// Tokens and leases in memory, with the same rules as the database's.
package import BursarCore
package import BursarGateway
internal import Synchronization

/// A `TokenStore` that passes `TokenStoreBehaviour` as BursarLedger does. Its clock is the test's.
package final class MemoryTokenStore: TokenStore {
    private struct RowID: Hashable {
        let owner: OwnerID
        let digest: [UInt8]

        init(_ slot: SlotKey) { (owner, digest) = (slot.fields.owner, slot.digest) }
    }

    private struct Row {
        let fields: SlotFields
        var token: Token?
        var leaseUntil: Instant?
        var leaseOwner: ReplicaID?
        var epoch: Int64
        var failure: Failure?
    }

    private struct Token {
        let stored: StoredToken
        let at: Instant

        func relative(to now: Instant) -> StoredToken {
            let passed = now - at
            return StoredToken(
                access: stored.access, refresh: stored.refresh, generation: stored.generation,
                age: stored.age + passed, remaining: stored.remaining - passed,
                refreshRemaining: stored.refreshRemaining.map { $0 - passed }, jitter: stored.jitter)
        }
    }

    private struct Failure {
        let reason: FailureReason
        let count: Int
        let retryAt: Instant
        let isNamed: Bool
    }

    package let availability = StoreSwitch()
    private let delay = Mutex<(clock: ManualClock, duration: Duration)?>(nil)
    private let rows = Mutex<[RowID: Row]>([:])
    private let directory: MemoryDirectoryStore
    private let clock: any GatewayClock

    /// `directory` knows the credentials, as the same database does.
    package init(directory: MemoryDirectoryStore, clock: any GatewayClock) {
        self.directory = directory
        self.clock = clock
    }

    package func lease(_ slot: SlotKey, _ request: LeaseRequest) async throws(StoreFailure) -> LeaseAnswer {
        try availability.pass()
        let answer = answer(slot, request)
        try availability.answer()
        if let latency { try? await latency.clock.sleep(until: latency.clock.now() + latency.duration) }
        return answer
    }

    package func current(
        _ slot: SlotKey, _ request: LeaseRequest
    ) async throws(StoreFailure) -> StoredToken? {
        try availability.pass()
        let (now, isCurrent) = (clock.now(), isCurrent(slot))
        return rows.withLock { rows in
            guard isCurrent, let token = rows[RowID(slot)]?.token?.relative(to: now),
                token.generation > request.newerThan, token.remaining > request.minimumLife
            else { return nil }
            return token
        }
    }

    /// Time between the store's answer to `lease` and its arrival; nil for none.
    package var latency: (clock: ManualClock, duration: Duration)? {
        get { delay.withLock { $0 } }
        set { delay.withLock { $0 = newValue } }
    }

    private func answer(_ slot: SlotKey, _ request: LeaseRequest) -> LeaseAnswer {
        let now = clock.now()
        let isCurrent = isCurrent(slot)
        return rows.withLock { rows in
            guard isCurrent else { return .superseded }
            let id = RowID(slot)
            if let row = rows[id] {
                let token = row.token?.relative(to: now)
                if let token, token.generation > request.newerThan, token.remaining > request.minimumLife {
                    return .current(token)
                }
                if let failure = row.failure, failure.retryAt > now {
                    let stored = StoredFailure(
                        reason: failure.reason, count: failure.count, retryIn: failure.retryAt - now,
                        isNamed: failure.isNamed)
                    if stored.reason.quarantines { return .quarantined(stored) }
                    if stored.isNamed { return .postponed(stored) }
                }
                if let until = row.leaseUntil, until >= now {
                    return .held(remaining: max(until - now, .milliseconds(1)))
                }
            }
            var row = rows[id] ?? Row(fields: slot.fields, epoch: 0)
            row.epoch += 1
            row.leaseUntil = now + request.duration
            row.leaseOwner = request.replica
            rows[id] = row
            let floor = rows.values.filter { $0.fields.sharesGenerations(with: slot.fields) }
                .compactMap(\.token?.stored.generation).max()
            let lease = Lease(epoch: row.epoch, floor: floor ?? .none, grantedAt: now)
            return .leased(lease, previous: row.token?.relative(to: now))
        }
    }

    package func publish(
        _ token: StoredToken, in slot: SlotKey, lease: Lease
    ) async throws(StoreFailure) -> PublishAnswer {
        try availability.pass()
        let credential = directory.credential(slot.fields.credential)
        let isStored = rows.withLock { rows in
            guard credential?.version == slot.fields.credentialVersion,
                rows[RowID(slot)]?.epoch == lease.epoch
            else { return false }
            rows[RowID(slot)]?.token = Token(stored: token, at: lease.grantedAt)
            rows[RowID(slot)]?.leaseUntil = nil
            rows[RowID(slot)]?.failure = nil
            return true
        }
        if isStored, let credential, credential.state == .rejected {
            directory.setState(.active, of: credential.id)
        }
        try availability.answer()
        return isStored ? .stored : .superseded
    }

    package func release(
        _ slot: SlotKey, lease: Lease, after failure: StoredFailure?
    ) async throws(StoreFailure) {
        try availability.pass()
        let now = clock.now()
        let isReleased = rows.withLock { rows in
            guard rows[RowID(slot)]?.epoch == lease.epoch else { return false }
            rows[RowID(slot)]?.leaseUntil = nil
            guard let failure else { return true }
            rows[RowID(slot)]?.failure = Failure(
                reason: failure.reason, count: failure.count, retryAt: now + failure.retryIn,
                isNamed: failure.isNamed)
            return true
        }
        if isReleased, failure?.reason.quarantines == true,
            let credential = directory.credential(slot.fields.credential), credential.state == .active,
            credential.version == slot.fields.credentialVersion
        {
            directory.setState(.rejected, of: credential.id)
        }
        try availability.answer()
    }

    package func pardon(_ credentials: [CredentialID: OwnerID]) async throws(StoreFailure) {
        try availability.pass()
        rows.withLock { rows in
            for (id, row) in rows
            where credentials[row.fields.credential] == id.owner && row.failure?.reason == .invalidClient {
                rows[id]?.failure = nil
            }
        }
        for (id, owner) in credentials {
            guard let credential = directory.credential(id), credential.owner == owner,
                credential.state == .rejected
            else { continue }
            directory.setState(.active, of: id)
        }
    }

    package func giveBack(_ slots: [SlotKey], by replica: ReplicaID) async throws(StoreFailure) {
        try availability.pass()
        rows.withLock { rows in
            for id in slots.map(RowID.init) where rows[id]?.leaseOwner == replica {
                rows[id]?.leaseUntil = nil
            }
        }
    }

    private func isCurrent(_ slot: SlotKey) -> Bool {
        guard let credential = directory.credential(slot.fields.credential) else { return false }
        return credential.version == slot.fields.credentialVersion && credential.state != .pending
    }

    // MARK: As commands do it

    /// `connection retry`: forgets the failures of a credential's slots.
    package func endQuarantine(of credential: CredentialID) {
        rows.withLock { rows in
            for id in rows.keys where rows[id]?.fields.credential == credential { rows[id]?.failure = nil }
        }
    }

    /// A removed credential takes its slots along.
    package func removeSlots(of credential: CredentialID) {
        rows.withLock { rows in rows = rows.filter { $0.value.fields.credential != credential } }
    }

    /// Every sealed value that is stored, for tests that look for plaintext.
    package var sealedBytes: [[UInt8]] {
        rows.withLock { rows in
            rows.values.compactMap(\.token?.stored).flatMap { token in
                [token.access.bytes, token.refresh?.bytes].compactMap(\.self)
            }
        }
    }
}

extension SlotFields {
    fileprivate func sharesGenerations(with other: SlotFields) -> Bool {
        owner == other.owner && provider == other.provider && environment == other.environment
    }
}
