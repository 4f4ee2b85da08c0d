// Carries flights out: lease, ask, store, tell.
internal import BursarCore
internal import Logging
internal import ServiceLifecycle
internal import Synchronization
internal import Tracing

/// The only place that asks providers for a tenant's token. A flight belongs to no caller, and ends by its
/// own deadline.
final class FlightRunner: Service {
    private let desk: TokenDesk
    private let store: any TokenStore
    private let exchanger: Exchanger
    private let sealer: TokenSealer
    private let environment: GatewayEnvironment
    private let access: ProviderAccess
    private let departure: Departure
    /// Slots whose lease this replica holds, or may hold: their answer was lost.
    private let leased = Mutex<Set<SlotKey>>([])

    init(
        desk: TokenDesk, store: any TokenStore, exchanger: Exchanger, sealer: TokenSealer,
        access: ProviderAccess, departure: Departure, environment: GatewayEnvironment
    ) {
        self.access = access
        self.departure = departure
        self.desk = desk
        self.store = store
        self.exchanger = exchanger
        self.sealer = sealer
        self.environment = environment
    }

    func run() async {
        await withGracefulShutdownHandler {
            await withTaskGroup { group in
                group.addTask { await self.carryOutAll() }
                group.addTask {
                    // Their callers have gone, but their tokens may still be stored.
                    try? await gracefulShutdown()
                    await self.departure.whenFlightsEnd()
                }
                await group.next()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.desk.close()
        }
        await departure.lastly { await self.giveBack() }
    }

    private func carryOutAll() async {
        await withDiscardingTaskGroup { group in
            for await order in desk.flights { group.addTask { await self.carryOut(order) } }
        }
    }

    /// Leases that outlive us would make the other replicas wait.
    private func giveBack() async {
        let slots = leased.withLock { Array($0) }
        guard !slots.isEmpty else { return }
        do throws(StoreFailure) {
            try await store.giveBack(slots, by: environment.replica)
        } catch {
            environment.storeFailed(error, during: "giving leases back")
        }
    }

    /// One flight from its start to the last caller told.
    func carryOut(_ order: FlightOrder) async {
        await environment.traced(TraceName.flight, under: order.trace?.context, kind: .internal) { span in
            let context = order.cell.context
            context.credential.describe(on: span)
            span?.attributes[TraceName.cause] = order.flight.cause.rawValue
            let outcome = await access.inLine(
                context.profile, context.credential.environment, by: order.turnDeadline
            ) {
                let outcome = await fly(order)
                await settle(order, outcome)
                return outcome
            }
            if let outcome { return outcome.describe(on: span) }
            let late = Outcome.failed(ExchangeFailure(.overloaded), lease: nil)
            late.describe(on: span)
            await settle(order, late)
        }
        desk.reschedule(order.cell)
    }

    // MARK: Settling

    private enum Outcome {
        case landed(Token, TokenSource)
        case failed(ExchangeFailure, lease: Lease?)
        case recalled(StoredFailure)

        func describe(on span: (any Span)?) {
            switch self {
            case .landed(_, let source): span?.attributes[TraceName.outcome] = source.rawValue
            case .failed(let failure, _): failure.describe(on: span)
            case .recalled(let stored): ExchangeFailure(stored.reason).describe(on: span)
            }
        }
    }

    private func settle(_ order: FlightOrder, _ outcome: Outcome) async {
        let now = environment.clock.now()
        switch outcome {
        case .landed(let token, let source):
            order.cell.land(order.flight, with: token, from: source, now: now)
        case .recalled(let stored):
            order.cell.recall(order.flight, stored, now: now)
        case .failed(let failure, let lease):
            let failure = access.judgedAgain(failure, of: order.host)
            let stored = order.cell.fail(
                order.flight, with: failure, now: now, jitter: environment.random.fraction())
            report(failure, of: order)
            if let lease, let stored { await release(order.cell, lease, after: stored) }
        }
    }

    /// The one line about a failed flight; ids and reasons only.
    private func report(_ failure: ExchangeFailure, of order: FlightOrder) {
        let fields = order.cell.key.fields
        var metadata: Logger.Metadata = [
            "provider": "\(fields.provider)", "environment": "\(fields.environment)",
            "credential_id": "\(fields.credential)", "cause": "\(order.flight.cause.rawValue)",
            "reason": "\(failure.reason.rawValue)", "fault": "\(failure.reason.fault.rawValue)",
        ]
        if let trace = order.trace { metadata["request_id"] = "\(trace.id)" }
        // Of an open breaker one line has told already.
        let level: Logger.Level = failure.reason == .circuitOpen ? .debug : .warning
        environment.logger.log(level: level, "token not obtained", metadata: metadata)
    }

    private func release(_ cell: SlotCell, _ lease: Lease, after failure: StoredFailure) async {
        do {
            try await store.release(cell.key, lease: lease, after: failure)
            holdsNoLease(of: cell)
        } catch {
            environment.storeFailed(error, during: "releasing a lease")
        }
    }

    // MARK: Flying

    private func fly(_ order: FlightOrder) async -> Outcome {
        var newerThan = order.flight.newerThan
        while true {
            switch await takeLease(order, newerThan: newerThan) {
            case .current(let stored, let askedAt):
                if let token = sealer.open(stored, of: order.cell, now: askedAt) {
                    return .landed(token, .store)
                }
                newerThan = stored.generation  // it does not open: ask for a newer one
            case .leased(let lease, let previous, let askedAt):
                let held = Held(lease: lease, since: environment.clock.now())
                let stored = previous.map { remains(of: $0, in: order.cell, askedAt: askedAt) }
                return await ask(order, held, stored: stored)
            case .withoutStore:
                return await ask(order, nil, stored: nil)
            case .recalled(let failure): return .recalled(failure)
            case .superseded: return .failed(ExchangeFailure(.superseded), lease: nil)
            case .tooLate: return .failed(ExchangeFailure(.timedOut), lease: nil)
            }
        }
    }

    /// A lease, and when the store's answer that granted it had come: no earlier than the grant, so that what
    /// is counted from the grant ends no later than it should.
    private struct Held {
        let lease: Lease
        let since: Instant
    }

    /// Stored times are relative to the store's answer. They are counted from before the question, so that a
    /// slow store makes no token seem to live longer than it does.
    private enum Leased {
        case current(StoredToken, askedAt: Instant)
        case leased(Lease, previous: StoredToken?, askedAt: Instant)
        case withoutStore
        case recalled(StoredFailure)
        case superseded
        case tooLate
    }

    /// Waits while another replica holds the lease: 50 to 250 ms between looks, up to the flight's deadline.
    private func takeLease(_ order: FlightOrder, newerThan: Generation) async -> Leased {
        let request = LeaseRequest(
            replica: environment.replica, duration: order.cell.context.leaseDuration, newerThan: newerThan,
            minimumLife: .seconds(1))
        var pause: Duration = .milliseconds(50)
        while environment.clock.now() < order.flight.deadline {
            let askedAt = environment.clock.now()
            do throws(StoreFailure) {
                _ = leased.withLock { $0.insert(order.cell.key) }
                let answer = try await store.lease(order.cell.key, request)
                if case .leased = answer {} else { holdsNoLease(of: order.cell) }
                switch answer {
                case .current(let stored): return .current(stored, askedAt: askedAt)
                case .leased(let lease, let previous):
                    return .leased(lease, previous: previous, askedAt: askedAt)
                case .quarantined(let failure), .postponed(let failure): return .recalled(failure)
                case .superseded: return .superseded
                case .held(let remaining):
                    let jittered = pause + pause * environment.random.fraction()
                    await environment.pause(min(remaining, jittered))
                    pause = min(pause * 2, .milliseconds(250))
                }
            } catch {
                // Without the store at most one exchange a replica: better than none (docs/adr/0005).
                environment.storeFailed(error, during: "taking a lease")
                return .withoutStore
            }
        }
        return .tooLate
    }

    private func holdsNoLease(of cell: SlotCell) { leased.withLock { _ = $0.remove(cell.key) } }

    private func remains(of stored: StoredToken, in cell: SlotCell, askedAt: Instant) -> Token.Remains {
        Token.Remains(
            generation: stored.generation, lifetime: stored.age + stored.remaining,
            refresh: sealer.openRefresh(stored, of: cell, now: askedAt))
    }

    /// The later of what is held and what is stored counts: another replica may have renewed since, and a
    /// refresh token that was replaced must not be used again.
    private func ask(_ order: FlightOrder, _ held: Held?, stored: Token.Remains?) async -> Outcome {
        let slot = order.cell.snapshot()
        let former = [slot.heldToken?.remains, stored].compactMap(\.self).max {
            $0.generation < $1.generation
        }
        do throws(ExchangeFailure) {
            let known = max(slot.generation, former?.generation ?? .none, held?.lease.floor ?? .none)
            let token = try await exchanger.obtain(order, former: former, known: known)
            return await publish(token, order, held)
        } catch {
            return .failed(error, lease: held?.lease)
        }
    }

    /// Stores the token under the lease before anyone gets it. A store that does not answer does not take the
    /// token from those who wait; a lease that has moved on does: its new holder's token is the one.
    private func publish(_ token: Token, _ order: FlightOrder, _ held: Held?) async -> Outcome {
        guard let held else { return .landed(token, .provider) }
        do throws(StoreFailure) {
            guard let sealed = sealer.seal(token, of: order.cell, now: held.since) else {
                return .landed(token, .provider)
            }
            let answer = try await store.publish(sealed, in: order.cell.key, lease: held.lease)
            holdsNoLease(of: order.cell)
            switch answer {
            case .stored: return .landed(token, .provider)
            case .superseded: return .failed(ExchangeFailure(.superseded), lease: nil)
            }
        } catch {
            environment.storeFailed(error, during: "storing a token")
            return .landed(token, .provider)
        }
    }
}
