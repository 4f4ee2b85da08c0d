// The cache of tokens: finds slots, starts flights, renews what is due.
internal import BursarCore
internal import BursarVault
internal import HeapModule
internal import Synchronization

/// All slots of this replica. Each has a lock of its own: one slow tenant holds up no other.
final class TokenDesk: Sendable {
    private struct Contents {
        /// Of each credential few: one for each scope.
        var cells: [CredentialID: [SlotCell]] = [:]
        var due = Heap<Due>()

        func cell(of fields: SlotFields) -> SlotCell? {
            cells[fields.credential]?.first { $0.context.fields == fields }
        }
    }

    /// A slot to look at, at its time. Slots may stand here more than once; a needless look costs nothing.
    private struct Due: Comparable {
        let at: Instant
        let cell: SlotCell
        static func < (left: Due, right: Due) -> Bool { left.at < right.at }
        static func == (left: Due, right: Due) -> Bool { left.at == right.at }
    }

    private let contents = Mutex(Contents())
    private let orders: AsyncStream<FlightOrder>.Continuation
    let flights: AsyncStream<FlightOrder>

    init() {
        // At most one order a slot is under way, so the slots bound the stream.
        (flights, orders) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    // MARK: Slots

    /// The slot for what `context` says, made when it is not there yet.
    func cell(for context: FlightContext) -> SlotCell {
        let fields = context.fields
        if let cell = contents.withLock({ $0.cell(of: fields) }) { return cell }
        let made = SlotCell(context: context)
        return contents.withLock { contents in
            if let cell = contents.cell(of: fields) { return cell }
            contents.cells[fields.credential, default: []].append(made)
            return made
        }
    }

    /// The slots of a credential that are in memory.
    func cells(of credential: CredentialID) -> [SlotCell] {
        contents.withLock { $0.cells[credential] ?? [] }
    }

    /// The slots that `isMeant` picks out of all. It takes as long as there are slots.
    func cells(where isMeant: (SlotFields) -> Bool) -> [SlotCell] {
        allCells.filter { isMeant($0.context.fields) }
    }

    /// It takes as long as there are slots.
    var allCells: [SlotCell] { contents.withLock { $0.cells.values.flatMap(\.self) } }

    /// Drops slots of these credentials, or of all, whose credential is not as it has to be: their tokens are
    /// gone, and late answers with them.
    func withdraw(of credentials: Set<CredentialID>?, where leaves: (SlotFields) -> Bool) {
        let known = credentials.map { $0.flatMap { cells(of: $0) } } ?? allCells
        let gone = known.filter { leaves($0.context.fields) }
        contents.withLock { contents in
            for cell in gone {
                let credential = cell.context.credential.id
                contents.cells[credential]?.removeAll { $0 === cell }
                if contents.cells[credential]?.isEmpty == true { contents.cells[credential] = nil }
            }
        }
        for cell in gone { cell.withdraw() }
    }

    // MARK: Asking

    /// Asks for a token on behalf of `tenant`; see `SlotCell.request`.
    func request(
        _ cell: SlotCell, _ demand: TokenDemand, tenant: TenantID?, now: Instant, trace: RequestTrace?,
        answer: () -> SlotCell.Answer
    ) -> SlotCell.Asked {
        let (asked, flight) = cell.request(demand, now: now, budget: cell.context.budget, answer: answer)
        if let flight {
            let isAwaited = if case .waiting = asked { true } else { false }
            start(flight, of: cell, tenant: tenant, trace: trace, isAwaited: isAwaited)
        }
        return asked
    }

    /// The same for callers that can await. Cancelling the caller leaves the flight, and this wait, alone.
    func token(
        _ cell: SlotCell, _ demand: TokenDemand, tenant: TenantID?, now: Instant, trace: RequestTrace?
    ) async -> Verdict {
        await withCheckedContinuation { continuation in
            let asked = request(cell, demand, tenant: tenant, now: now, trace: trace) {
                { continuation.resume(returning: $0) }
            }
            switch asked {
            case .served(let token): continuation.resume(returning: .serve(token, .memory))
            case .refused(let failure, let after):
                continuation.resume(returning: .refuse(failure, retryAfter: after))
            case .waiting: break
            }
        }
    }

    /// Has the slot get a token without a caller who waits for it.
    func warmUp(_ cell: SlotCell, tenant: TenantID?, now: Instant, trace: RequestTrace? = nil) {
        if let flight = cell.warmUp(now: now) { start(flight, of: cell, tenant: tenant, trace: trace) }
    }

    private func start(
        _ flight: TokenSlot.Flight, of cell: SlotCell, tenant: TenantID?, trace: RequestTrace?,
        isAwaited: Bool = false
    ) {
        schedule(cell, at: flight.deadline)
        // Callers of a slot in use whose token ends meanwhile will join.
        let isUrgent =
            isAwaited
            || flight.cause != .keepWarm && cell.snapshot().goodToken(at: flight.deadline) == nil
        orders.yield(
            FlightOrder(cell: cell, flight: flight, tenant: tenant, trace: trace, isUrgent: isUrgent))
    }

    // MARK: Renewing

    /// A slot that is newly kept warm goes on the calendar.
    func setKeepWarm(_ keepWarm: Bool, _ cell: SlotCell) {
        if cell.setKeepWarm(keepWarm) { reschedule(cell) }
    }

    /// Puts the slot's next event on the calendar. Called after each landing and failure.
    func reschedule(_ cell: SlotCell, notBefore: Instant? = nil) {
        if let next = cell.nextEvent() { schedule(cell, at: max(next, notBefore ?? next)) }
    }

    private func schedule(_ cell: SlotCell, at instant: Instant) {
        contents.withLock { $0.due.insert(Due(at: instant, cell: cell)) }
    }

    /// Looks at every slot whose time has come, and starts the renewals that are due.
    func renewDue(now: Instant, jitter: () -> Double) {
        let due = contents.withLock { contents in
            var due: [SlotCell] = []
            while let first = contents.due.min, first.at <= now {
                due.append(first.cell)
                contents.due.removeMin()
            }
            return due
        }
        for cell in due {
            if let flight = cell.renewIfDue(now: now, budget: cell.context.budget, jitter: jitter()) {
                start(flight, of: cell, tenant: nil, trace: nil)
            } else if let next = cell.nextEvent(), next > now {
                schedule(cell, at: next)
            }
        }
    }

    /// Slots whose lease this replica may hold.
    var leased: [SlotKey] { allCells.filter(\.mayHoldLease).map(\.key) }

    /// No more orders; flights under way go on.
    func close() { orders.finish() }

    /// Every slot's condition, by provider. It takes as long as there are slots.
    func census(at now: Instant) -> SlotCensus {
        var census = SlotCensus()
        for cell in allCells { census.add(cell.condition(at: now), of: cell.context.profile.id) }
        return census
    }
}
