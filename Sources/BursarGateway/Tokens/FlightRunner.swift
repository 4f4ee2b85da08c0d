// Carries flights out: lease, ask, store, tell.
internal import BursarCore
internal import Logging
internal import ServiceLifecycle
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
        let slots = desk.leased
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
            let outcome = await fly(order)
            outcome.describe(on: span)
            await settle(order, outcome)
        }
        desk.end(order, now: environment.clock.now())
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
            if let lease { await release(order.cell, lease, after: stored) }
        }
    }

    /// The one line about a failed flight; ids and reasons only.
    private func report(_ failure: ExchangeFailure, of order: FlightOrder) {
        let fields = order.cell.context.fields
        var metadata: Logger.Metadata = [
            "provider": "\(fields.provider)", "environment": "\(fields.environment)",
            "credential_id": "\(fields.credential)", "cause": "\(order.flight.cause.rawValue)",
            "reason": "\(failure.reason.rawValue)", "fault": "\(failure.reason.fault.rawValue)",
        ]
        if let trace = order.trace { metadata["request_id"] = "\(trace.id)" }
        // Of an open breaker one line has told already; a renewal without a place has time for another try.
        let isNews = failure.reason.isAttempt || failure.reason == .overloaded && order.isUrgent
        let level: Logger.Level = isNews ? .warning : .debug
        environment.logger.log(level: level, "token not obtained", metadata: metadata)
    }

    private func release(_ cell: SlotCell, _ lease: Lease, after failure: StoredFailure?) async {
        do {
            try await store.release(cell.key, lease: lease, after: failure)
            cell.mayHoldLease = false
        } catch {
            environment.storeFailed(error, during: "releasing a lease")
        }
    }

    // MARK: Flying

    /// What one attempt came to.
    private enum Step {
        case ended(Outcome)
        /// Another replica asks.
        case held(remaining: Duration)
        /// What is stored does not open; a token after that one is wanted.
        case unreadable(Generation)
    }

    /// While another replica holds the lease, looks again every 50 to 250 ms, up to the flight's deadline.
    private func fly(_ order: FlightOrder) async -> Outcome {
        var newerThan = order.flight.newerThan
        var deadline = order.turnDeadline
        var pause: Duration = .milliseconds(50)
        while environment.clock.now() < order.flight.deadline {
            switch await attempt(order, newerThan: newerThan, by: deadline) {
            case .ended(let outcome): return outcome
            case .unreadable(let generation): newerThan = generation
            case .held(let remaining):
                let jittered = pause + pause * environment.random.fraction()
                await environment.pause(min(remaining, jittered))
                pause = min(pause * 2, .milliseconds(250))
                // Little time is enough to find what the other replica has stored.
                deadline = order.flight.deadline
            }
        }
        return .failed(ExchangeFailure(.timedOut), lease: nil)
    }

    /// The lease is taken in one of the provider's places, so that a replica holds no more leases than it
    /// makes requests, and the store meets no crowd. Neither turn nor place is kept while another replica
    /// asks.
    private func attempt(
        _ order: FlightOrder, newerThan: Generation, by deadline: Instant
    ) async -> Step {
        let errand = order.errand(order.firstStep, by: deadline)
        let step: Step?
        do throws(ExchangeFailure) {
            step = try await access.inTurn(errand) { turn in
                await inLine(order, by: deadline) {
                    if let refusal = access.refusal(of: errand) {
                        return await look(order, newerThan: newerThan, refusedBy: refusal)
                    }
                    return await look(order, turn, newerThan: newerThan)
                }
            }
        } catch {
            step = await inLine(order, by: deadline) {
                await look(order, newerThan: newerThan, refusedBy: error)
            }
        }
        return step ?? .ended(.failed(ExchangeFailure(.overloaded), lease: nil))
    }

    private func inLine<R: Sendable>(
        _ order: FlightOrder, by deadline: Instant, _ body: () async -> R
    ) async -> R? {
        let context = order.cell.context
        return await access.inLine(
            context.profile, context.credential.environment, by: deadline, isUrgent: order.isUrgent, body)
    }

    /// What another replica has stored, or this one before a restart: the breaker says nothing of it.
    private func look(
        _ order: FlightOrder, newerThan: Generation, refusedBy refusal: ExchangeFailure
    ) async -> Step {
        let askedAt = environment.clock.now()
        let stored = try? await store.current(order.cell.key, request(order, newerThan: newerThan))
        let token = stored.flatMap { sealer.open($0, of: order.cell, now: askedAt) }
        return .ended(token.map { .landed($0, .store) } ?? .failed(refusal, lease: nil))
    }

    /// Stored times are relative to the store's answer. They are counted from before the question, so that a
    /// slow store makes no token seem to live longer than it does.
    private func look(
        _ order: FlightOrder, _ turn: ProviderAccess.Turn, newerThan: Generation
    ) async -> Step {
        let askedAt = environment.clock.now()
        do throws(StoreFailure) {
            order.cell.mayHoldLease = true
            let answer = try await store.lease(order.cell.key, request(order, newerThan: newerThan))
            if case .leased = answer {} else { order.cell.mayHoldLease = false }
            switch answer {
            case .current(let stored):
                let token = sealer.open(stored, of: order.cell, now: askedAt)
                return token.map { .ended(.landed($0, .store)) } ?? .unreadable(stored.generation)
            case .leased(let lease, let previous):
                let held = Held(lease: lease, since: environment.clock.now())
                let stored = previous.map { remains(of: $0, in: order.cell, askedAt: askedAt) }
                return .ended(await ask(order, turn, held, stored: stored))
            case .quarantined(let failure), .postponed(let failure): return .ended(.recalled(failure))
            case .superseded: return .ended(.failed(ExchangeFailure(.superseded), lease: nil))
            case .held(let remaining): return .held(remaining: remaining)
            }
        } catch {
            // Without the store at most one exchange a replica: better than none (docs/adr/0005).
            environment.storeFailed(error, during: "taking a lease")
            return .ended(await ask(order, turn, nil, stored: nil))
        }
    }

    private func request(_ order: FlightOrder, newerThan: Generation) -> LeaseRequest {
        LeaseRequest(
            replica: environment.replica, duration: order.cell.context.leaseDuration, newerThan: newerThan,
            minimumLife: .seconds(1))
    }

    /// A lease, and when the store's answer that granted it had come: no earlier than the grant, so that what
    /// is counted from the grant ends no later than it should.
    private struct Held {
        let lease: Lease
        let since: Instant
    }

    private func remains(of stored: StoredToken, in cell: SlotCell, askedAt: Instant) -> Token.Remains {
        Token.Remains(
            generation: stored.generation, lifetime: stored.age + stored.remaining,
            refresh: sealer.openRefresh(stored, of: cell, now: askedAt))
    }

    /// The later of what is held and what is stored counts: another replica may have renewed since, and a
    /// refresh token that was replaced must not be used again.
    private func ask(
        _ order: FlightOrder, _ turn: ProviderAccess.Turn, _ held: Held?, stored: Token.Remains?
    ) async -> Outcome {
        let slot = order.cell.snapshot()
        let former = [slot.heldToken?.remains, stored].compactMap(\.self).max {
            $0.generation < $1.generation
        }
        do throws(ExchangeFailure) {
            let known = max(slot.generation, former?.generation ?? .none, held?.lease.floor ?? .none)
            let token = try await exchanger.obtain(order, turn, former: former, known: known)
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
                await release(order.cell, held.lease, after: nil)
                return .landed(token, .provider)
            }
            let answer = try await store.publish(sealed, in: order.cell.key, lease: held.lease)
            order.cell.mayHoldLease = false
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
