// Lends connections: decisions in PoolState, this class does what they say.
import Synchronization

/// A few connections for many callers. Connects when somebody asks, so that it recovers by itself; a
/// connection that broke, was left in a transaction or met a demoted server is closed, not lent again.
package final class PostgresPool: Sendable {
    fileprivate struct Guarded {
        var state: PoolState
        var connections: [ConnectionID: PostgresConnection] = [:]
        var waiters: [WaiterID: FirstOutcome<LeaseOutcome>] = [:]
        /// Whether a task sleeps until the next waiter's time is over.
        var isTimed = false
    }

    private let configuration: PostgresConfiguration
    private let pool: PostgresPoolConfiguration
    private let guarded: Mutex<Guarded>
    private let waited: (@Sendable (Duration) -> Void)?

    /// Opens nothing yet. `waited` is told how long each caller has waited for its connection, in vain or
    /// not.
    package init(
        _ configuration: PostgresConfiguration, pool: PostgresPoolConfiguration = .init(),
        waited: (@Sendable (Duration) -> Void)? = nil
    ) {
        self.configuration = configuration
        self.pool = pool
        self.waited = waited
        // The connector's own deadline fires first unless it hangs in getaddrinfo.
        let stuckAfter = configuration.connectTimeout + .milliseconds(500)
        guarded = Mutex(Guarded(state: PoolState(pool, stuckAfter: stuckAfter)))
        configuration.watch?.whenRisen { [weak self] in self?.retireOutdated() }
    }

    /// What the pool holds just now.
    package var statistics: PostgresPoolStatistics { guarded.withLock { $0.state.statistics } }

    /// Whether a task sleeps for those who wait.
    var isTimed: Bool { guarded.withLock { $0.isTimed } }

    /// Lends a connection to `body`, which must not keep it. Waits at most `waitingTimeout` for one, and
    /// throws `CancellationError` when the task is cancelled meanwhile. Throws at once while the watch knows
    /// that no primary answers.
    package func withConnection<R: Sendable>(
        _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        let lease = try await lease()
        defer { giveBack(lease) }
        return try await body(lease.connection)
    }

    /// Runs one statement on any connection.
    package func query(_ query: PostgresQuery) async throws -> [PostgresRow] {
        try await withConnection { try await $0.query(query) }
    }

    /// Runs one statement on any connection and answers how many rows it changed or answered.
    @discardableResult
    package func execute(_ query: PostgresQuery) async throws -> Int {
        try await withConnection { try await $0.execute(query) }
    }

    /// Runs `body` between BEGIN and COMMIT, or ROLLBACK when it throws. `.commitUnanswered` leaves open
    /// whether it took place. Nothing is tried again: see `PostgresError.isRetryable`.
    package func transaction<R: Sendable>(
        _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        try await withConnection { try await $0.transaction(body) }
    }

    /// Closes every idle connection and waits for that; lent ones close when they come back. Waiters fail
    /// with `.closed`, and so does whoever asks afterwards.
    package func close() async {
        let effects = decide { state, _ in state.close() }
        for effect in effects {
            if case .close(let connection) = effect {
                await connection.close()
            } else {
                act(effect)
            }
        }
    }
}

/// Borrowing and giving back.
extension PostgresPool {
    private struct Lease {
        let id: ConnectionID
        let connection: PostgresConnection
    }

    fileprivate enum LeaseOutcome: Sendable {
        case lent(ConnectionID, PostgresConnection)
        case failed(PostgresError)
    }

    private func lease() async throws -> Lease {
        if let absence = configuration.watch?.absence { throw absence }
        let begin = ContinuousClock.now
        defer { waited?(.now - begin) }
        while true {
            let lease = try await leaseAny()
            if lease.connection.mailbox.isOpen, !lease.connection.isOutdated { return lease }
            // It ended between its return and now; the pool hears of that too, only later.
            giveBack(lease)
        }
    }

    private func leaseAny() async throws -> Lease {
        try Task.checkCancellation()
        let outcome = FirstOutcome<LeaseOutcome>()
        let waiter = ask(outcome)
        let settled: LeaseOutcome
        if let early = outcome.settledValue {
            settled = early
        } else {
            settled = await withTaskCancellationHandler {
                await outcome.value()
            } onCancel: {
                perform { state, _ in state.giveUp(waiter, because: .closed) }
            }
        }
        switch settled {
        case .lent(let id, let connection): return Lease(id: id, connection: connection)
        case .failed(let error):
            try Task.checkCancellation()
            throw error
        }
    }

    private func ask(_ outcome: FirstOutcome<LeaseOutcome>) -> WaiterID {
        let (waiter, effects, needsTime) = guarded.withLock { guarded in
            let waiter = guarded.state.makeWaiter()
            guarded.waiters[waiter] = outcome
            let effects = guarded.resolve(guarded.state.ask(waiter, now: .now))
            let needsTime = guarded.state.nextEnd != nil && !guarded.isTimed
            if needsTime { guarded.isTimed = true }
            return (waiter, effects, needsTime)
        }
        effects.forEach(act)
        if needsTime { keepTime() }
        return waiter
    }

    /// One sleeper for all who wait, until nobody does: nearly all are served long before their time is over,
    /// and a timer for each would be made and cancelled for nothing.
    private func keepTime() {
        // Detached: it outlives the waiter that it was started for.
        Task.detached { [weak self] in
            while let end = self?.nextEndOrRest() {
                try? await Task.sleep(until: end, clock: .continuous)
                self?.perform { state, now in state.expire(now: now) }
            }
        }
    }

    /// Nil when nobody waits; who comes then starts another sleeper.
    private func nextEndOrRest() -> PoolState.Instant? {
        guarded.withLock { guarded in
            let end = guarded.state.nextEnd
            guarded.isTimed = end != nil
            return end
        }
    }

    private func giveBack(_ lease: Lease) {
        let isReusable = lease.connection.mailbox.isReusable && !lease.connection.isOutdated
        perform { state, now in state.giveBack(lease.id, isReusable: isReusable, now: now) }
    }
}

/// Decide under the lock, act outside.
extension PostgresPool {
    /// An action with the objects it is about.
    fileprivate enum Effect: Sendable {
        case connect(ConnectionID)
        case settle(FirstOutcome<LeaseOutcome>, LeaseOutcome)
        case close(PostgresConnection)
    }

    private func decide(_ decision: (inout PoolState, PoolState.Instant) -> [PoolAction]) -> [Effect] {
        guarded.withLock { guarded in guarded.resolve(decision(&guarded.state, .now)) }
    }

    private func perform(_ decision: (inout PoolState, PoolState.Instant) -> [PoolAction]) {
        decide(decision).forEach(act)
    }

    private func act(_ effect: Effect) {
        switch effect {
        case .connect(let id): connect(id)
        case .settle(let outcome, let value): outcome.settle(value)
        case .close(let connection): connection.mailbox.close()
        }
    }

    /// The cluster has gone on: idle connections to the server that it left close at once, lent ones when
    /// they come back, and their statements fail meanwhile.
    private func retireOutdated() {
        let effects = guarded.withLock { guarded in
            let outdated = guarded.connections.filter { $0.value.isOutdated }.map(\.key)
            return guarded.resolve(guarded.state.retire(outdated))
        }
        effects.forEach(act)
    }

    private func connect(_ id: ConnectionID) {
        PostgresConnection.start(configuration) { [weak self] result in
            switch result {
            case .failure(let error):
                self?.perform { state, now in state.connectFailed(id, error, now: now) }
            case .success(let connection):
                self?.adopt(connection, as: id)
            }
        }
    }

    private func adopt(_ connection: PostgresConnection, as id: ConnectionID) {
        let effects = guarded.withLock { guarded in
            guarded.connections[id] = connection
            return guarded.resolve(
                guarded.state.connected(id, now: .now, jitter: .random(in: 0..<1)))
        }
        effects.forEach(act)
        connection.mailbox.whenEnded { [weak self] in
            self?.perform { state, _ in state.ended(id) }
        }
    }
}

extension PostgresPool.Guarded {
    /// Finds the objects behind the ids, and forgets those that are done with.
    fileprivate mutating func resolve(_ actions: [PoolAction]) -> [PostgresPool.Effect] {
        actions.compactMap { action in
            switch action {
            case .connect(let id): .connect(id)
            case .close(let id): connections.removeValue(forKey: id).map { .close($0) }
            case .lend(let id, let waiter):
                connections[id].flatMap { connection in
                    waiters.removeValue(forKey: waiter).map { .settle($0, .lent(id, connection)) }
                }
            case .fail(let waiter, let error):
                waiters.removeValue(forKey: waiter).map { .settle($0, .failed(error)) }
            }
        }
    }
}
