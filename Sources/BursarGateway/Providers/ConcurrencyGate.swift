// Lets so many through at once; the others stand in two lines, each until its own deadline.
internal import BursarCore
internal import DequeModule
internal import Synchronization

/// A bulkhead: one hung provider occupies its own places and nobody else's.
final class ConcurrencyGate: Sendable {
    private enum Turn {
        /// In line, and not yet asleep.
        case coming
        case waiting(CheckedContinuation<Bool, Never>)
        /// A place is kept.
        case called
    }

    private struct Contents {
        var free: Int
        /// These also hold those who have left; they are passed over.
        var urgent: Deque<Int> = []
        var patient: Deque<Int> = []
        var turns: [Int: Turn] = [:]
        var tickets = 0

        mutating func next() -> Int? { urgent.popFirst() ?? patient.popFirst() }

        /// A line that seldom moves must not grow by those who leave it.
        mutating func forgetThoseWhoLeft() {
            guard urgent.count + patient.count > 2 * turns.count + 64 else { return }
            urgent.removeAll { turns[$0] == nil }
            patient.removeAll { turns[$0] == nil }
        }
    }

    private let contents: Mutex<Contents>
    private let clock: any GatewayClock

    init(places: Int, clock: any GatewayClock) {
        contents = Mutex(Contents(free: places))
        self.clock = clock
    }

    /// How many stand in line.
    var length: Int { contents.withLock { $0.turns.count } }

    /// Runs `body` when there is a place. Nil when there was none before `deadline`, or the task was
    /// cancelled in line. Whoever is not urgent lets all others go before.
    func pass<R: Sendable>(
        by deadline: Instant, isUrgent: Bool = true, _ body: () async -> R
    ) async -> R? {
        guard await enter(by: deadline, isUrgent: isUrgent) else { return nil }
        defer { leave() }
        return await body()
    }

    private func enter(by deadline: Instant, isUrgent: Bool) async -> Bool {
        let ticket: Int? = contents.withLock { contents in
            guard contents.free == 0 else {
                contents.free -= 1
                return nil
            }
            contents.tickets += 1
            if isUrgent {
                contents.urgent.append(contents.tickets)
            } else {
                contents.patient.append(contents.tickets)
            }
            contents.turns[contents.tickets] = .coming
            return contents.tickets
        }
        guard let ticket else { return true }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await self.clock.sleep(until: deadline)
                self.withdraw(ticket)
            }
            defer { group.cancelAll() }
            return await self.turn(of: ticket)
        }
    }

    /// False when the ticket was withdrawn.
    private func turn(of ticket: Int) async -> Bool {
        await withCheckedContinuation { continuation in
            let isCalled: Bool? = contents.withLock { contents in
                switch contents.turns[ticket] {
                case .coming:
                    contents.turns[ticket] = .waiting(continuation)
                    return nil
                case .called:
                    contents.turns[ticket] = nil
                    return true
                case .waiting, nil: return false
                }
            }
            if let isCalled { continuation.resume(returning: isCalled) }
        }
    }

    /// Who has been called already keeps the place.
    private func withdraw(_ ticket: Int) {
        let waiting: CheckedContinuation<Bool, Never>? = contents.withLock { contents in
            defer { contents.forgetThoseWhoLeft() }
            switch contents.turns[ticket] {
            case .called, nil: return nil
            case .coming:
                contents.turns[ticket] = nil
                return nil
            case .waiting(let continuation):
                contents.turns[ticket] = nil
                return continuation
            }
        }
        waiting?.resume(returning: false)
    }

    private func leave() {
        let next: CheckedContinuation<Bool, Never>? = contents.withLock { contents in
            while let ticket = contents.next() {
                switch contents.turns[ticket] {
                case .coming:
                    contents.turns[ticket] = .called
                    return nil
                case .waiting(let continuation):
                    contents.turns[ticket] = nil
                    return continuation
                case .called, nil: continue
                }
            }
            contents.free += 1
            return nil
        }
        next?.resume(returning: true)
    }
}
