// Counts, events and statements in memory.
package import BursarCore
internal import Synchronization

/// A `UsageStore` that adds up what it is given.
package final class MemoryUsageStore: UsageStore {
    package let availability = StoreSwitch()
    private let delay = Mutex<(clock: ManualClock, duration: Duration)?>(nil)
    private let contents = Mutex<(counts: [UsageCount], events: [RefreshEvent])>(([], []))

    package init() {}

    package func add(
        _ counts: [UsageCount], events: [RefreshEvent], replica: ReplicaID
    ) async throws(StoreFailure) {
        if let latency { try? await latency.clock.sleep(until: latency.clock.now() + latency.duration) }
        try availability.pass()
        contents.withLock { contents in
            contents.counts += counts
            let known = Set(contents.events.map(\.id))
            contents.events += events.filter { !known.contains($0.id) }
        }
    }

    /// Time until the store answers; nil for none.
    package var latency: (clock: ManualClock, duration: Duration)? {
        get { delay.withLock { $0 } }
        set { delay.withLock { $0 = newValue } }
    }

    /// The counts by key, whatever the minute.
    package var totals: [UsageKey: Int64] {
        contents.withLock { contents in
            contents.counts.reduce(into: [:]) { $0[$1.key, default: 0] += $1.count }
        }
    }

    /// The counts by minute since the epoch.
    package var byMinute: [Int64: Int64] {
        contents.withLock { contents in
            contents.counts.reduce(into: [:]) { $0[$1.minute, default: 0] += $1.count }
        }
    }

    package var sum: Int64 { totals.values.reduce(0, +) }

    package func sum(of outcome: AnswerOutcome) -> Int64 {
        totals.filter { $0.key.outcome == outcome }.values.reduce(0, +)
    }

    package var events: [RefreshEvent] { contents.withLock { $0.events } }
}

/// A `StatementStore` that keeps a list.
package final class MemoryStatementStore: StatementStore {
    package let availability = StoreSwitch()
    private let contents = Mutex<[ScopedStatement]>([])

    package init() {}

    package func record(_ statement: ScopedStatement) async throws(StoreFailure) {
        try availability.pass()
        contents.withLock { $0.append(statement) }
    }

    package var statements: [ScopedStatement] { contents.withLock { $0 } }
}
