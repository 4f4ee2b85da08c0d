// Deliveries of many seconds: what they sum up, where they end, and how often they are.
import BursarCore
import BursarTestSupport
import Foundation
import Synchronization
import Testing

@testable import BursarGateway

@Suite struct DeliveryTests {
    private typealias Base = JournalTests

    private static func open(_ folder: String = Base.folders.make(), boot: UInt64 = 1) throws -> UsageJournal
    {
        let journal = try Base.open(
            folder, boot: boot, limits: JournalLimits(lanes: 1, pageBytes: 2 << 20, segmentBytes: 1))
        _ = journal.stands(journal.id, at: 0, now: Base.now, since: journal.epoch)
        return journal
    }

    /// One frame, with one count of each of these tenants.
    private static func seal(
        _ tenants: some Sequence<Int>, minute: Int64 = Base.minute, in journal: UsageJournal
    ) {
        for tenant in tenants { journal.count(Base.key(UInt64(tenant)), minute: minute) }
        #expect(journal.seal(now: Base.now) == .frame)
    }

    @Test func countsOfManyFramesAreOneForEachKeyAndMinute() throws {
        let journal = try Self.open()
        var random = SplitMix64(seed: 3)
        var expected: [UsageCount: Int64] = [:]
        var events: [RefreshEvent] = []
        for frame in 0..<60 {
            for _ in 0..<200 {
                let key = Base.key(
                    .random(in: 0..<40, using: &random), .allCases.randomElement(using: &random)!)
                let minute = Base.minute + Int64(frame / 20)
                journal.count(key, minute: minute)
                expected[UsageCount(key: key, minute: minute, count: 1), default: 0] += 1
            }
            if frame.isMultiple(of: 7) {
                events.append(Base.event(UInt64(frame), failure: .timedOut))
                #expect(journal.record(events[events.count - 1]))
            }
            #expect(journal.seal(now: Base.now) == .frame)
        }
        let batch = try #require(journal.nextBatch(of: journal.id).batch)
        #expect(batch.after == 0 && batch.last == 60 && batch.frames == 60)
        #expect(batch.events == events)
        #expect(batch.counts.count == expected.count)
        for count in batch.counts {
            #expect(expected[UsageCount(key: count.key, minute: count.minute, count: 1)] == count.count)
        }
    }

    /// Eight thousand tenants that are in every second are eight thousand rows, however many seconds it is.
    @Test func sameTenantsOfManySecondsAreOneDelivery() throws {
        let journal = try Self.open()
        for _ in 0..<5 { Self.seal(0..<8_000, in: journal) }
        let batch = try #require(journal.nextBatch(of: journal.id).batch)
        #expect(batch.frames == 5 && batch.counts.count == 8_000)
        #expect(batch.counts.allSatisfy { $0.count == 5 })
    }

    @Test func aDeliveryEndsWithTheFrameThatMakesItLarge() throws {
        let journal = try Self.open()
        for second in 0..<4 { Self.seal(second * 8_000..<(second + 1) * 8_000, in: journal) }
        let first = try #require(journal.nextBatch(of: journal.id).batch)
        #expect(first.frames == 3 && first.last == 3 && first.counts.count == 24_000)
        _ = journal.stands(journal.id, at: first.last, now: Base.now, since: journal.epoch)
        let second = try #require(journal.nextBatch(of: journal.id).batch)
        #expect(second.after == 3 && second.frames == 1 && second.counts.count == 8_000)
    }

    /// A frame that only a later program can read is damage. What it has in common with others is not counted
    /// by halves.
    @Test func aFrameThatNobodyHereCanReadIsLeftOutAsAWhole() async throws {
        let folder = Base.folders.make()
        let dead = try Self.open(folder)
        for _ in 0..<3 { Self.seal(1...3, in: dead) }
        let segments = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".frames") }.sorted()
        try #require(segments.count == 3)
        let url = URL(fileURLWithPath: folder + "/" + segments[1])
        try Data(Self.withUnknownMeter(Array(try Data(contentsOf: url)))).write(to: url)
        let next = try Self.open(folder, boot: 2)
        #expect(next.recovery.damage.isEmpty, "the frame is what was written")
        _ = next.stands(dead.id, at: 0, now: Base.now, since: next.epoch)
        let found = next.nextBatch(of: dead.id)
        #expect(found.damage.map(\.file) == [segments[1]] && found.obstacle == nil)
        let batch = try #require(found.batch)
        #expect(batch.frames == 2 && batch.last == 3)
        #expect(batch.counts.map(\.count) == [2, 2, 2])
        #expect(next.nextBatch(of: dead.id).damage.isEmpty, "it is stated once")
    }

    /// The frame, whole, with the last of its three counts of a meter that is not known here.
    private static func withUnknownMeter(_ frame: [UInt8]) -> [UInt8] {
        frame.withUnsafeBytes { bytes in
            var writer = JournalFrameWriter()
            let frame = JournalFrame(bytes)!
            var number = 0
            _ = frame.forEachRecord { record in
                number += 1
                var copy = Array(record)
                if number == 3 { copy[9] = 200 }
                copy.withUnsafeBytes { writer.append($0) }
                return true
            }
            return writer.finished(as: frame.label)
        }
    }

    /// Else a store that takes longer for a second than a second would be kept at it for ever, a frame at a
    /// time.
    @Test func whatIsSealedMeanwhileWaitsForTheNextDelivery() throws {
        let fixture = GatewayFixture()
        let journal = try Self.open()
        let store = BusyStore(journal: journal)
        let recorder = UsageRecorder(
            journal: journal, store: store, environment: fixture.gateway.environment)
        Self.seal(1...3, in: journal)
        let first = fixture.run { await recorder.deliver() }
        #expect(first.isDone && first.rows == 3)
        #expect(store.deliveries == 1 && store.inner.sum == 3)
        let second = fixture.run { await recorder.deliver() }
        #expect(second.isDone && second.rows == 1)
        #expect(store.deliveries == 2 && store.inner.sum == 4)
    }

    @Test func muchIsDeliveredLessOften() {
        func pause(_ rows: Int, isDone: Bool = true) -> Duration {
            DeliveryService.pause(after: UsageRecorder.Delivery(isDone: isDone, rows: rows))
        }
        #expect(pause(0) == .seconds(1))
        #expect(pause(2_000) == .seconds(1))
        #expect(pause(5_000) == .milliseconds(2_500))
        #expect(pause(10_000) == .seconds(5))
        #expect(pause(1_000_000) == .seconds(5))
        #expect(pause(1_000_000, isDone: false) == .seconds(1), "what failed is tried again soon")
    }
}

/// A store that takes so long for each delivery that another frame is sealed meanwhile.
private final class BusyStore: UsageStore {
    let inner = MemoryUsageStore()
    private let journal: UsageJournal
    private let number = Atomic(0)

    init(journal: UsageJournal) { self.journal = journal }

    var deliveries: Int { number.load(ordering: .relaxed) }

    func delivered(of journal: JournalID) async throws(StoreFailure) -> Int64 {
        try await inner.delivered(of: journal)
    }

    func add(_ batch: UsageBatch) async throws(StoreFailure) -> UsageReceipt {
        // Not without end: what goes on and on should fail rather than hang.
        if number.add(1, ordering: .relaxed).newValue < 20 {
            journal.count(JournalTests.key(1), minute: JournalTests.minute)
            _ = journal.seal(now: JournalTests.now)
        }
        return try await inner.add(batch)
    }
}
