// Counts, events and statements in memory.
package import BursarCore
internal import Synchronization

/// A `UsageStore` that adds up what it is given.
package final class MemoryUsageStore: UsageStore {
    package let availability = StoreSwitch()
    private let delay = Mutex<(clock: ManualClock, duration: Duration)?>(nil)
    fileprivate struct Contents {
        var positions: [JournalID: Int64] = [:]
        var counts: [UsageCount] = []
        var events: [RefreshEvent] = []
    }

    private let contents = Mutex(Contents())
    private let losesAnswers = Mutex(false)

    package init() {}

    /// Whether what is asked for takes place, and the answer is lost all the same.
    package var losesAnswer: Bool {
        get { losesAnswers.withLock { $0 } }
        set { losesAnswers.withLock { $0 = newValue } }
    }

    package func delivered(of journal: JournalID) async throws(StoreFailure) -> Int64 {
        try availability.pass()
        return contents.withLock { $0.positions[journal] ?? 0 }
    }

    package func add(_ batch: UsageBatch) async throws(StoreFailure) -> UsageReceipt {
        if let latency { try? await latency.clock.sleep(until: latency.clock.now() + latency.duration) }
        try availability.pass()
        let receipt = contents.withLock { contents -> UsageReceipt in
            let position = contents.positions[batch.journal] ?? 0
            guard position == batch.after else { return .standsAt(position) }
            contents.positions[batch.journal] = batch.last
            contents.counts += batch.counts
            contents.events += batch.events
            return .stored
        }
        if losesAnswer { throw .unavailable }
        return receipt
    }

    /// What a fail-over does that loses commits: brings back what `moment` remembers.
    package func restore(_ moment: Moment) { contents.withLock { $0 = moment.contents } }
    package var moment: Moment { Moment(contents: contents.withLock { $0 }) }

    /// The store as it was at some time.
    package struct Moment: Sendable {
        fileprivate let contents: Contents
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

    /// The answers by minute since the epoch.
    package var byMinute: [Int64: Int64] {
        let answers = Set(AnswerOutcome.allCases.map(Meter.init))
        return contents.withLock { contents in
            contents.counts.filter { answers.contains($0.key.meter) }
                .reduce(into: [:]) { $0[$1.minute, default: 0] += $1.count }
        }
    }

    /// All answers to merchants.
    package var sum: Int64 { answered.values.reduce(0, +) }

    /// The counts of answers by key; requests to providers are other meters.
    package var answered: [UsageKey: Int64] {
        let answers = Set(AnswerOutcome.allCases.map(Meter.init))
        return totals.filter { answers.contains($0.key.meter) }
    }

    package func sum(of outcome: AnswerOutcome) -> Int64 { sum(metered: Meter(outcome)) }

    package func sum(metered meter: Meter) -> Int64 {
        totals.filter { $0.key.meter == meter }.values.reduce(0, +)
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
