// Who gets which connection, decided as a value: no clock, no thread, no lock in here.

struct ConnectionID: Hashable, Sendable { let number: UInt64 }
struct WaiterID: Hashable, Sendable { let number: UInt64 }

/// What the pool has to do, in this order, once its lock is open again.
enum PoolAction: Equatable {
    /// Start an attempt to connect under this id.
    case connect(ConnectionID)
    /// Hand the connection to the waiter.
    case lend(ConnectionID, to: WaiterID)
    /// Close the connection and forget it.
    case close(ConnectionID)
    /// Tell the waiter that it gets none.
    case fail(WaiterID, PostgresError)
}

/// The pool's decisions. Late news (of an id that is gone) changes nothing.
struct PoolState {
    typealias Instant = ContinuousClock.Instant

    /// connecting → idle or lent, or gone; idle ↔ lent; either → gone.
    private enum Entry {
        case connecting(since: Instant)
        case idle(opened: Instant)
        case lent(opened: Instant)
    }

    private struct Waiting {
        let id: WaiterID
        let until: Instant
    }

    private let configuration: PostgresPoolConfiguration
    /// An attempt older than this hangs in a name server: it holds no place any more.
    private let stuckAfter: Duration
    /// Attempts that may hang at the same time, each with its thread, before no more are started.
    private var stuckLimit: Int { max(4, configuration.size) }
    private var entries: [ConnectionID: Entry] = [:]
    /// The last returned is lent first: it is warm, and those not needed grow old.
    private var idle: [ConnectionID] = []
    /// Each may wait as long as the next, so that they come to their ends in this order.
    private var waiting: [Waiting] = []
    private var nextNumber: UInt64 = 0
    private(set) var isClosed = false

    init(_ configuration: PostgresPoolConfiguration, stuckAfter: Duration) {
        self.configuration = configuration
        self.stuckAfter = stuckAfter
    }

    var statistics: PostgresPoolStatistics {
        let connecting = entries.values.count { if case .connecting = $0 { true } else { false } }
        return PostgresPoolStatistics(
            open: entries.count - connecting, idle: idle.count, waiting: waiting.count, connecting: connecting
        )
    }

    mutating func makeWaiter() -> WaiterID {
        nextNumber += 1
        return WaiterID(number: nextNumber)
    }

    /// Somebody asks for a connection.
    mutating func ask(_ waiter: WaiterID, now: Instant) -> [PoolAction] {
        guard !isClosed else { return [.fail(waiter, .closed)] }
        var actions: [PoolAction] = []
        while let id = idle.popLast() {
            guard case .idle(let opened) = entries[id] else { continue }
            if opened.duration(to: now) < configuration.maximumAge {
                entries[id] = .lent(opened: opened)
                return actions + [.lend(id, to: waiter)]
            }
            entries[id] = nil
            actions.append(.close(id))
        }
        guard waiting.count < configuration.waitingLimit else {
            return actions + [.fail(waiter, .poolExhausted(.waitingLimit))]
        }
        waiting.append(Waiting(id: waiter, until: now + configuration.waitingTimeout))
        return actions + connectForWaiting(now: now)
    }

    /// When the next waiter's time is over; nil when nobody waits.
    var nextEnd: Instant? { waiting.first?.until }

    /// Fails those whose time is over. When nothing is open, it is the server that kept them waiting.
    mutating func expire(now: Instant) -> [PoolAction] {
        let error: PostgresError =
            statistics.open == 0 ? .timedOut(.connecting) : .poolExhausted(.waitingTimeout)
        let overdue = waiting.prefix { $0.until <= now }
        waiting.removeFirst(overdue.count)
        return overdue.map { .fail($0.id, error) }
    }

    /// A waiter's task was cancelled. Nothing when it was served meanwhile.
    mutating func giveUp(_ waiter: WaiterID, because error: PostgresError) -> [PoolAction] {
        guard let index = waiting.firstIndex(where: { $0.id == waiter }) else { return [] }
        waiting.remove(at: index)
        return [.fail(waiter, error)]
    }

    /// An attempt succeeded. If it was given up as stuck, it has a place only where one is free.
    /// - Parameter jitter: 0 ..< 1; ages the connection by up to a fifth, so that those opened together after
    ///   an outage do not end together.
    mutating func connected(_ id: ConnectionID, now: Instant, jitter: Double = 0) -> [PoolAction] {
        guard case .connecting = entries[id] else { return [] }
        entries[id] = nil
        guard !isClosed, used(now) < configuration.size else { return [.close(id)] }
        return place(id, opened: now - configuration.maximumAge / 5 * jitter)
    }

    /// An attempt failed. When nothing else is in sight, whoever waits learns why at once.
    mutating func connectFailed(_ id: ConnectionID, _ error: PostgresError, now: Instant) -> [PoolAction] {
        guard case .connecting = entries[id] else { return [] }
        entries[id] = nil
        guard used(now) == 0 else { return [] }
        defer { waiting = [] }
        return waiting.map { .fail($0.id, error) }
    }

    /// A borrower is done.
    mutating func giveBack(_ id: ConnectionID, isReusable: Bool, now: Instant) -> [PoolAction] {
        guard case .lent(let opened) = entries[id] else { return [] }
        entries[id] = nil
        if isReusable, !isClosed, opened.duration(to: now) < configuration.maximumAge {
            return place(id, opened: opened)
        }
        return [.close(id)] + connectForWaiting(now: now)
    }

    /// A connection ended by itself. A lent one is its borrower's to give back.
    mutating func ended(_ id: ConnectionID) -> [PoolAction] {
        guard case .idle = entries[id] else { return [] }
        entries[id] = nil
        idle.removeAll { $0 == id }
        return [.close(id)]
    }

    /// Connections are good for nothing any more. Lent ones are their borrowers' to give back.
    mutating func retire(_ ids: [ConnectionID]) -> [PoolAction] { ids.flatMap { ended($0) } }

    /// No more of anything: waiters fail, idle connections close, lent ones when they come back.
    mutating func close() -> [PoolAction] {
        isClosed = true
        defer {
            for id in idle { entries[id] = nil }
            idle = []
            waiting = []
        }
        return waiting.map { .fail($0.id, .closed) } + idle.map { .close($0) }
    }

    private mutating func place(_ id: ConnectionID, opened: Instant) -> [PoolAction] {
        if waiting.isEmpty {
            entries[id] = .idle(opened: opened)
            idle.append(id)
            return []
        }
        entries[id] = .lent(opened: opened)
        return [.lend(id, to: waiting.removeFirst().id)]
    }

    /// One attempt for each waiter that has none yet, as far as there are places.
    private mutating func connectForWaiting(now: Instant) -> [PoolAction] {
        let connecting = entries.values.count { isConnecting($0, now) }
        let stuck = statistics.connecting - connecting
        let free = min(configuration.size - used(now), stuckLimit - stuck)
        let wanted = isClosed ? 0 : max(0, min(waiting.count - connecting, free))
        return (0..<wanted).map { _ in
            nextNumber += 1
            let id = ConnectionID(number: nextNumber)
            entries[id] = .connecting(since: now)
            return .connect(id)
        }
    }

    /// Places taken: open connections and attempts that are not stuck.
    private func used(_ now: Instant) -> Int {
        entries.values.count { entry in
            if case .connecting = entry { isConnecting(entry, now) } else { true }
        }
    }

    private func isConnecting(_ entry: Entry, _ now: Instant) -> Bool {
        guard case .connecting(let since) = entry else { return false }
        return since.duration(to: now) < stuckAfter
    }
}
