// Counts answers and provider requests, and hands them to the store every second.
internal import BursarCore
internal import ServiceLifecycle
internal import Synchronization

/// Everything that finance and operators will read begins here. Counts live in memory until the next flush;
/// a flush that fails puts them back.
final class UsageRecorder: Sendable {
    private struct CountKey: Hashable {
        let key: UsageKey
        let minute: Int64
    }

    private struct Contents {
        var counts: [CountKey: Int64] = [:]
        var events: [RefreshEvent] = []
    }

    /// Events kept while the store is away; later ones are dropped, counted and logged.
    static let eventLimit = 100_000
    /// Keys kept while the store is away: what comes later is counted as unattributed, so that sums stay
    /// right.
    static let keyLimit = 1_000_000
    /// Rows of one flush: a transaction that stays short.
    static let batchLimit = 5_000

    private let contents = Mutex(Contents())
    private let store: any UsageStore
    private let environment: GatewayEnvironment

    init(store: any UsageStore, environment: GatewayEnvironment) {
        self.store = store
        self.environment = environment
    }

    /// Counts an answer. Called before it is sent.
    func count(_ key: UsageKey, at now: Instant, took duration: Duration) {
        let minute = now.microseconds / 60_000_000
        contents.withLock { contents in
            let exact = CountKey(key: key, minute: minute)
            let isKept = contents.counts.count < Self.keyLimit || contents.counts[exact] != nil
            let counted = isKept ? exact : CountKey(key: UsageKey(outcome: key.outcome), minute: minute)
            contents.counts[counted, default: 0] += 1
        }
        environment.metrics.answered(key.outcome, after: duration)
    }

    func record(_ event: RefreshEvent) {
        environment.metrics.refreshed(event)
        let isKept = contents.withLock { contents in
            guard contents.events.count < Self.eventLimit else { return false }
            contents.events.append(event)
            return true
        }
        if !isKept { environment.metrics.dropped(events: 1) }
    }

    /// Hands over what has gathered; true when nothing is left. What fails goes back and is tried again.
    @discardableResult
    func flush() async -> Bool {
        while true {
            let (counts, events) = takeBatch()
            if counts.isEmpty && events.isEmpty { return true }
            do throws(StoreFailure) {
                try await store.add(counts, events: events, replica: environment.replica)
            } catch {
                putBack(counts, events)
                environment.storeFailed(error, during: "storing usage")
                return false
            }
        }
    }

    private func takeBatch() -> ([UsageCount], [RefreshEvent]) {
        contents.withLock { contents in
            let keys = contents.counts.prefix(Self.batchLimit)
            for entry in keys { contents.counts[entry.key] = nil }
            let events = contents.events.prefix(Self.batchLimit)
            contents.events.removeFirst(events.count)
            let counts = keys.map { UsageCount(key: $0.key.key, minute: $0.key.minute, count: $0.value) }
            return (counts, Array(events))
        }
    }

    private func putBack(_ counts: [UsageCount], _ events: [RefreshEvent]) {
        contents.withLock { contents in
            for count in counts {
                contents.counts[CountKey(key: count.key, minute: count.minute), default: 0] += count.count
            }
            contents.events.insert(contentsOf: events, at: 0)
        }
    }
}

/// Flushes every second, and once more at the end. A flush under way when the end comes is finished first.
struct UsageService: Service {
    let recorder: UsageRecorder
    let environment: GatewayEnvironment

    func run() async {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            await cancelWhenGracefulShutdown { await environment.pause(.seconds(1)) }
            await recorder.flush()
        }
    }
}
