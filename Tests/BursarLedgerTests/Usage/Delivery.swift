// A journal's deliveries, for tests.
import BursarCore
import BursarLedger
import Foundation
import Testing

/// Sends batches as a gateway would, at times of the test's choice.
struct Delivery {
    static let tenant = TenantID("8c0b6f0e-3d5c-4b8e-9a53-5d1f2f6f7a01")!
    static let credential = CredentialID(UUIDValue(high: 3, low: 4))
    let ledger: Ledger
    let journal: JournalID
    var position: Int64 = 0
    private var events: UInt64 = 0

    init(_ ledger: Ledger, boot: UInt64 = 1) {
        self.ledger = ledger
        journal = JournalID(
            directory: UUIDValue(high: 9, low: boot), boot: ReplicaID(UUIDValue(high: 8, low: boot)))
    }

    static func instant(_ text: String) throws -> Instant {
        Instant(seconds: Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970))
    }

    static func minute(_ text: String) throws -> Int64 { try instant(text).microseconds / 60_000_000 }

    static func key(_ meter: Meter, _ tenant: TenantID? = Delivery.tenant) -> UsageKey {
        UsageKey(tenant: tenant, provider: ProviderID("zertiban"), environment: .sandbox, meter: meter)
    }

    func batch(_ counts: [UsageCount], events: [RefreshEvent] = []) -> UsageBatch {
        UsageBatch(
            journal: journal, after: position, last: position + 1, frames: 1, counts: counts, events: events)
    }

    mutating func send(_ counts: [UsageCount], events: [RefreshEvent] = []) async throws {
        try #require(try await ledger.add(batch(counts, events: events)) == .stored)
        position += 1
    }

    mutating func send(
        _ count: Int64, _ meter: Meter = .answeredMemory, at text: String, tenant: TenantID? = Delivery.tenant
    ) async throws {
        try await send([
            UsageCount(key: Self.key(meter, tenant), minute: try Self.minute(text), count: count)
        ])
    }

    /// A request to a provider; `lifetime` of a success in seconds.
    mutating func event(
        at text: String, failure: FailureReason? = nil, latency: Duration = .milliseconds(100),
        lifetime: Int64 = 300
    ) throws -> RefreshEvent {
        events += 1
        return RefreshEvent(
            id: UUIDValue(high: journal.boot.uuid.low, low: events), at: try Self.instant(text),
            owner: OwnerID(Self.tenant), tenant: Self.tenant, provider: ProviderID("zertiban")!,
            environment: .sandbox, credential: Self.credential, cause: .cold, step: .full, failure: failure,
            status: failure == nil ? 200 : nil, latency: latency,
            lifetime: failure == nil ? .seconds(lifetime) : nil)
    }
}

/// Digests rows by a simple text of each, so that tests see every difference.
final class TestDigest: RowDigest {
    private let text = Locked("")

    func add(_ rows: [UsageRow], head: PeriodHead) {
        text.change { $0 += rows.map { "\($0)\n" }.joined() }
    }

    func finish() -> String { String(text.value.hashValue, radix: 16) }
}

/// A value that callbacks change.
final class Locked<Value: Sendable>: @unchecked Sendable {
    // Guarded by the lock.
    private var held: Value
    private let lock = NSLock()

    init(_ value: Value) { held = value }
    var value: Value { lock.withLock { held } }
    func change(_ body: (inout Value) -> Void) { lock.withLock { body(&held) } }
}

extension Ledger {
    func totals(_ period: ReportPeriod, _ filter: ReportFilter) async throws -> MeterCounts {
        try await reading(period, filter) { try await $0.totals() }
    }

    func overview(_ period: ReportPeriod, _ filter: ReportFilter) async throws -> UsageOverview {
        try await reading(period, filter) { try await $0.overview() }
    }
}
