// The cache of tokens: finds slots, starts flights, renews what is due.
internal import BursarCore
internal import BursarVault
internal import DequeModule
internal import HeapModule
internal import Synchronization

/// All slots of this replica. Each has a lock of its own: one slow tenant holds up no other.
final class TokenDesk: Sendable {
    private struct Contents {
        /// Of each credential few: one for each scope.
        var cells = EntryTable<CellsByCredential>()
        var due = Heap<Due>()
        /// By where their provider's places are.
        var warming: [ConnectionChoice: Warming] = [:]

        func cell(of fields: SlotFields) -> SlotCell? {
            cells.first(of: fields.credential) { $0.context.fields == fields }
        }
    }

    /// A slot to look at, at its time. Entries in whose place the slot has an earlier one are passed over.
    private struct Due: Comparable {
        let at: Instant
        let cell: SlotCell
        static func < (left: Due, right: Due) -> Bool { left.at < right.at }
        static func == (left: Due, right: Due) -> Bool { left.at == right.at }
    }

    /// Slots that are to be warm and that nobody uses: a million may be due at once, when a gateway starts or
    /// a provider comes back. So many flights would outlive their deadlines in line, and try again; and
    /// nobody waits for any of them.
    private struct Warming {
        var waiting: Deque<SlotCell> = []
        var flights = 0
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
            contents.cells.add(made)
            return made
        }
    }

    /// A table that grew later would keep those waiting who come for a new slot.
    func makeRoom(for slots: Int) {
        contents.withLock { _ = $0.cells.reserveCapacity(slots) }
    }

    /// The slots of a credential that are in memory.
    func cells(of credential: CredentialID) -> [SlotCell] {
        contents.withLock { $0.cells.all(of: credential) }
    }

    /// The slots that `isMeant` picks out of all. It takes as long as there are slots.
    func cells(where isMeant: (SlotFields) -> Bool) -> [SlotCell] {
        allCells.filter { isMeant($0.context.fields) }
    }

    /// It takes as long as there are slots.
    var allCells: [SlotCell] { contents.withLock { $0.cells.entries } }

    /// Drops slots of these credentials, or of all, whose credential is not as it has to be: their tokens are
    /// gone, and late answers with them.
    func withdraw(of credentials: Set<CredentialID>?, where leaves: (SlotFields) -> Bool) {
        let known = credentials.map { $0.flatMap { cells(of: $0) } } ?? allCells
        let gone = known.filter { leaves($0.context.fields) }
        contents.withLock { contents in
            for cell in gone { contents.cells.remove(cell) }
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
        isAwaited: Bool = false, isWarming: Bool = false
    ) {
        schedule(cell, at: flight.deadline)
        // Callers of a slot in use whose token ends meanwhile will join.
        let isUrgent =
            isAwaited
            || flight.cause != .keepWarm && cell.snapshot().goodToken(at: flight.deadline) == nil
        orders.yield(
            FlightOrder(
                cell: cell, flight: flight, tenant: tenant, trace: trace, isUrgent: isUrgent,
                isWarming: isWarming))
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
        guard cell.enter(at: instant) else { return }
        contents.withLock { $0.due.insert(Due(at: instant, cell: cell)) }
    }

    /// How many entries the calendar has.
    var entries: Int { contents.withLock { $0.due.count } }

    /// Looks at every slot whose time has come, and starts the renewals that are due.
    func renewDue(now: Instant, jitter: () -> Double) {
        let due = contents.withLock { contents in
            var due: [Due] = []
            while let first = contents.due.min, first.at <= now {
                due.append(first)
                contents.due.removeMin()
            }
            return due
        }
        var unused: [ConnectionChoice: [SlotCell]] = [:]
        for cell in due.filter({ $0.cell.leave(at: $0.at) }).map(\.cell) {
            cell.expire(now: now, jitter: jitter())
            if cell.isInUse(at: now) {
                renew(cell, now: now)
            } else {
                unused[cell.context.choice, default: []].append(cell)
            }
        }
        for (choice, cells) in unused {
            contents.withLock { $0.warming[choice, default: Warming()].waiting += cells }
            warm(choice, most: cells[0].context.mostWarming, now: now)
        }
    }

    /// Whether a flight has begun; else the slot's next event goes on the calendar.
    @discardableResult
    private func renew(_ cell: SlotCell, now: Instant, isWarming: Bool = false) -> Bool {
        if let flight = cell.renewIfDue(now: now, budget: cell.context.budget) {
            start(flight, of: cell, tenant: nil, trace: nil, isWarming: isWarming)
            return true
        }
        if let next = cell.nextEvent(), next > now { schedule(cell, at: next) }
        return false
    }

    /// Starts as many of those that wait as there is room for.
    private func warm(_ choice: ConnectionChoice, most: Int, now: Instant) {
        while let cell = nextToWarm(choice, most: most) {
            if !renew(cell, now: now, isWarming: true) { endWarming(choice) }
        }
    }

    private func nextToWarm(_ choice: ConnectionChoice, most: Int) -> SlotCell? {
        contents.withLock { contents in
            // In place: a copy of the line would cost as much as it is long.
            guard (contents.warming[choice]?.flights ?? most) < most,
                let cell = contents.warming[choice]?.waiting.popFirst()
            else { return nil }
            contents.warming[choice]?.flights += 1
            return cell
        }
    }

    private func endWarming(_ choice: ConnectionChoice) {
        contents.withLock { $0.warming[choice]?.flights -= 1 }
    }

    /// A flight has been carried out, and its slot settled.
    func end(_ order: FlightOrder, now: Instant) {
        reschedule(order.cell)
        guard order.isWarming else { return }
        let context = order.cell.context
        endWarming(context.choice)
        warm(context.choice, most: context.mostWarming, now: now)
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

enum CellsByCredential: EntryKeying {
    static func key(of entry: SlotCell) -> CredentialID { entry.context.credential.id }
    static func spread(_ key: CredentialID) -> UInt64 { key.uuid.spread }
}
