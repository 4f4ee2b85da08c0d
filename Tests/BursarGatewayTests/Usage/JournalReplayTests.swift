// Frames that were delivered: how long they are kept, and how a fail-over gets them back.
import BursarCore
import BursarTestSupport
import Foundation
import Testing

@testable import BursarGateway

@Suite struct JournalReplayTests {
    private typealias Base = JournalTests

    private func count(_ number: Int, in journal: UsageJournal, at now: Instant = JournalTests.now) {
        for _ in 0..<number {
            journal.count(Base.key(1), minute: Base.minute)
            _ = journal.seal(now: now)
        }
    }

    @Test func framesThatAFailOverLostAreSentAgain() async throws {
        let journal = try Base.open(Base.folders.make(), boot: 1)
        let store = MemoryUsageStore()
        count(6, in: journal)
        try await Base.drain(journal, to: store)
        let moment = store.moment
        count(4, in: journal)
        try await Base.drain(journal, to: store)
        store.restore(moment)
        #expect(store.sum == 6)
        journal.doubt()
        #expect(journal.undelivered == [journal.id])
        let position = try await store.delivered(of: journal.id)
        let setback = journal.stands(journal.id, at: position, now: Base.now, since: journal.epoch)
        #expect(setback == JournalSpool.Setback(replayed: 4, lost: 0))
        try await Base.drain(journal, to: store)
        #expect(store.sum == 10)
    }

    @Test func whatTheFormerStoreAnswersLateIsVoid() async throws {
        let journal = try Base.open(Base.folders.make(), boot: 1)
        let store = MemoryUsageStore()
        let moment = store.moment
        count(3, in: journal)
        let before = journal.epoch
        _ = journal.stands(journal.id, at: 0, now: Base.now, since: before)
        let batch = try #require(journal.nextBatch(of: journal.id).batch)
        #expect(try await store.add(batch) == .stored)
        store.restore(moment)
        journal.doubt()
        #expect(journal.stands(journal.id, at: batch.last, now: Base.now, since: before) == nil)
        try await Base.drain(journal, to: store)
        #expect(store.sum == 3)
    }

    @Test func journalsOfEarlierProcessesAreSentAgainToo() async throws {
        let folder = Base.folders.make()
        let store = MemoryUsageStore()
        let moment = store.moment
        count(5, in: try Base.open(folder, boot: 1))
        let next = try Base.open(folder, boot: 2)
        count(2, in: next)
        try await Base.drain(next, to: store)
        #expect(store.sum == 7 && next.undelivered.isEmpty)
        store.restore(moment)
        next.doubt()
        try await Base.drain(next, to: store)
        #expect(store.sum == 7)
    }

    @Test func deliveredFramesAreKeptForAQuarterOfAnHour() async throws {
        let journal = try Base.open(Base.folders.make(), boot: 1)
        let store = MemoryUsageStore()
        count(3, in: journal)
        try await Base.drain(journal, to: store)
        let later = Base.now + .seconds(885)
        journal.clean(now: later)
        #expect(journal.undelivered.isEmpty && journal.holdings.bytes > 0)
        let enough = Base.now + .seconds(900)
        journal.clean(now: enough)
        #expect(journal.holdings.bytes > 0, "nobody knows whether the store has them still")
        try await Base.drain(journal, to: store, now: enough)
        journal.clean(now: enough + .seconds(14))
        #expect(journal.holdings.bytes > 0, "it looks each 15 s")
        journal.clean(now: enough + .seconds(15))
        #expect(journal.holdings.bytes == 0)
    }

    /// An outage of an hour that ends in a fail-over loses nothing that was acknowledged before it.
    @Test func framesAreKeptForAsLongAsTheStoreDoesNotAnswer() async throws {
        let journal = try Base.open(Base.folders.make(), boot: 1)
        let store = MemoryUsageStore()
        let moment = store.moment
        count(3, in: journal)
        try await Base.drain(journal, to: store)
        journal.forgetPositions()
        let later = Base.now + .seconds(3_600)
        journal.clean(now: later)
        store.restore(moment)
        try await Base.drain(journal, to: store, now: later)
        #expect(store.sum == 3)
    }

    @Test func aFullJournalDropsTheOldestDeliveredFrames() async throws {
        let folder = Base.folders.make()
        let frame = try frameBytes()
        let limits = JournalLimits(
            lanes: 1, pageBytes: 1 << 15, spoolBytes: frame * 4, segmentBytes: frame)
        let journal = try Base.open(folder, boot: 1, limits: limits)
        let store = MemoryUsageStore()
        count(3, in: journal)
        try await Base.drain(journal, to: store)
        count(1, in: journal)
        #expect(try segments(in: folder).map(\.first) == [1, 2, 3, 4])
        count(1, in: journal)
        #expect(try segments(in: folder).map(\.first) == [2, 3, 4, 5], "the oldest alone")
        count(2, in: journal)
        #expect(try segments(in: folder).map(\.first) == [4, 5, 6, 7])
        journal.count(Base.key(1), minute: Base.minute)
        #expect(journal.seal(now: Base.now) == .refused, "what waits for its delivery stays")
        try await Base.drain(journal, to: store)
        #expect(journal.seal(now: Base.now) == .frame)
        try await Base.drain(journal, to: store)
        #expect(store.sum == 8)
    }

    @Test func whatAFailOverMayHaveLostIsNotDroppedForRoom() async throws {
        let folder = Base.folders.make()
        let frame = try frameBytes()
        let limits = JournalLimits(
            lanes: 1, pageBytes: 1 << 15, spoolBytes: frame * 3, segmentBytes: frame)
        let journal = try Base.open(folder, boot: 1, limits: limits)
        let store = MemoryUsageStore()
        let moment = store.moment
        count(3, in: journal)
        try await Base.drain(journal, to: store)
        journal.doubt()
        journal.count(Base.key(1), minute: Base.minute)
        #expect(journal.seal(now: Base.now) == .refused)
        store.restore(moment)
        try await Base.drain(journal, to: store)
        #expect(journal.seal(now: Base.now) == .frame)
        try await Base.drain(journal, to: store)
        #expect(store.sum == 4)
    }

    @Test func aLossThatIsOlderThanWhatIsKeptIsStated() async throws {
        let journal = try Base.open(
            Base.folders.make(), boot: 1, limits: JournalLimits(lanes: 1, pageBytes: 1 << 15, segmentBytes: 1)
        )
        let store = MemoryUsageStore()
        let moment = store.moment
        count(4, in: journal)
        try await Base.drain(journal, to: store)
        count(2, in: journal, at: Base.now)
        let later = Base.now + .seconds(900)
        // Four are old enough to go; the other two were delivered just now.
        _ = journal.stands(journal.id, at: 6, now: later, since: journal.epoch)
        journal.clean(now: later)
        store.restore(moment)
        journal.doubt()
        let setback = journal.stands(journal.id, at: 0, now: later, since: journal.epoch)
        #expect(setback == JournalSpool.Setback(replayed: 2, lost: 4))
    }

    /// Every frame here holds one count of one key.
    private func frameBytes() throws -> Int {
        let journal = try Base.open(Base.folders.make(), boot: 1)
        count(1, in: journal)
        return journal.holdings.bytes
    }

    private func segments(in folder: String) throws -> [(first: Int, name: String)] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".frames") }
            .map { name in (Int(name.dropLast(7).split(separator: "-").last ?? "") ?? 0, name) }
            .sorted { $0.first < $1.first }
    }
}
