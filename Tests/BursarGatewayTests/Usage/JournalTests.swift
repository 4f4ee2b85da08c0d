// The journal through its own process' death, and through damage of every kind.
import BursarCore
import BursarTestSupport
import Foundation
import Testing

@testable import BursarGateway

@Suite struct JournalTests {
    static let now = Instant(seconds: 1_795_000_000)
    static let minute = now.microseconds / 60_000_000
    static let folders = JournalFolders()

    static func open(
        _ folder: String, boot: UInt64, limits: JournalLimits = JournalLimits(lanes: 2, pageBytes: 1 << 15),
        now: Instant = JournalTests.now
    ) throws -> UsageJournal {
        try UsageJournal(
            directory: folder, boot: ReplicaID(UUIDValue(high: 7, low: boot)), limits: limits,
            made: UUIDValue(high: 1, low: 1), now: now)
    }

    static func key(_ tenant: UInt64, _ meter: Meter = .answeredMemory) -> UsageKey {
        UsageKey(
            tenant: TenantID(UUIDValue(high: 5, low: tenant)), client: ClientID("brc_ABCDEFGHIJ0123456789"),
            provider: ProviderID("zertiban"), environment: .sandbox, meter: meter)
    }

    static func event(_ number: UInt64, failure: FailureReason?) -> RefreshEvent {
        RefreshEvent(
            id: UUIDValue(high: 2, low: number), at: now, owner: OwnerID(UUIDValue(high: 5, low: 1)),
            tenant: nil, provider: ProviderID("zertiban")!, environment: .production,
            credential: CredentialID(UUIDValue(high: 6, low: 1)), cause: .renewal, step: .refresh,
            failure: failure, status: failure == nil ? 200 : nil, latency: .milliseconds(12),
            lifetime: failure == nil ? .seconds(300) : nil)
    }

    /// Delivers everything as the recorder does.
    static func drain(
        _ journal: UsageJournal, to store: MemoryUsageStore, now: Instant = JournalTests.now
    ) async throws {
        for id in journal.undelivered {
            let epoch = journal.epoch
            _ = journal.stands(id, at: try await store.delivered(of: id), now: now, since: epoch)
            while let batch = journal.nextBatch(of: id).batch {
                let position: Int64 =
                    switch try await store.add(batch) {
                    case .stored: batch.last
                    case .standsAt(let sequence): sequence
                    }
                _ = journal.stands(id, at: position, now: now, since: epoch)
            }
        }
    }

    @Test func whatWasNotSealedOutlivesTheProcess() async throws {
        let folder = Self.folders.make()
        let store = MemoryUsageStore()
        let dead = try Self.open(folder, boot: 1)
        for tenant in 1...20 {
            for _ in 0..<tenant { dead.count(Self.key(UInt64(tenant)), minute: Self.minute) }
        }
        #expect(dead.record(Self.event(1, failure: .timedOut)))
        #expect(dead.record(Self.event(2, failure: nil)))
        let next = try Self.open(folder, boot: 2)
        #expect(next.recovery.recoveredCounts == 210 && next.recovery.damage.isEmpty)
        try await Self.drain(next, to: store)
        #expect(store.sum == 210)
        #expect(store.totals[Self.key(20)] == 20)
        #expect(Set(store.events) == [Self.event(1, failure: .timedOut), Self.event(2, failure: nil)])
        try await Self.drain(try Self.open(folder, boot: 3), to: store)
        #expect(store.sum == 210, "a third start delivers nothing twice")
    }

    @Test func sealingInTurnsLosesAndDoublesNothing() async throws {
        let folder = Self.folders.make()
        let store = MemoryUsageStore()
        var random = SplitMix64(seed: 4)
        var counted: Int64 = 0
        for boot in 1...6 {
            let journal = try Self.open(folder, boot: UInt64(boot))
            for _ in 0..<40 {
                for _ in 0..<Int.random(in: 0...30, using: &random) {
                    journal.count(Self.key(.random(in: 1...9, using: &random)), minute: Self.minute)
                    counted += 1
                }
                if Bool.random(using: &random) { _ = journal.seal(now: Self.now) }
                if Int.random(in: 0..<8, using: &random) == 0 { try await Self.drain(journal, to: store) }
            }
        }
        try await Self.drain(try Self.open(folder, boot: 99), to: store)
        #expect(store.sum == counted)
    }

    @Test func aFullPageKeepsTheNumberOfAnswers() async throws {
        let journal = try Self.open(
            Self.folders.make(), boot: 1, limits: JournalLimits(lanes: 1, pageBytes: 1 << 14))
        let store = MemoryUsageStore()
        for tenant in 1...5_000 {
            let minute = Self.minute + Int64(tenant / 20)
            journal.count(
                Self.key(UInt64(tenant), tenant % 2 == 0 ? .refused : .answeredMemory), minute: minute)
        }
        #expect(journal.isFilling && journal.takeUnattributed() > 4_000)
        #expect(journal.seal(now: Self.now) == .frame)
        try await Self.drain(journal, to: store)
        #expect(store.sum(metered: .refused) == 2_500 && store.sum(metered: .answeredMemory) == 2_500)
    }

    @Test func aFullSpoolKeepsCountingAndDrainsLater() async throws {
        let folder = Self.folders.make()
        let journal = try Self.open(
            folder, boot: 1, limits: JournalLimits(lanes: 1, pageBytes: 1 << 15, spoolBytes: 1_000))
        let store = MemoryUsageStore()
        var refused = 0
        for _ in 0..<50 {
            journal.count(Self.key(1), minute: Self.minute)
            if journal.seal(now: Self.now) == .refused { refused += 1 }
        }
        #expect(refused > 40)
        try await Self.drain(journal, to: store)
        while journal.seal(now: Self.now) != .nothing { try await Self.drain(journal, to: store) }
        #expect(store.sum == 50)
    }

    /// What cannot be read now is neither damaged nor passed over, and its file stays.
    @Test func whatCannotBeReadForNowIsWaitedFor() async throws {
        let folder = Self.folders.make()
        let store = MemoryUsageStore()
        let journal = try Self.open(
            folder, boot: 1, limits: JournalLimits(lanes: 1, pageBytes: 1 << 15, segmentBytes: 1))
        for _ in 0..<3 {
            journal.count(Self.key(1), minute: Self.minute)
            #expect(journal.seal(now: Self.now) == .frame)
        }
        let segments = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".frames") }.sorted()
        try #require(segments.count == 3)
        // A folder in its place can be opened and not be read: EISDIR, as little damage as EMFILE is.
        let path = folder + "/" + segments[1]
        try FileManager.default.moveItem(atPath: path, toPath: folder + "/aside")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try await Self.drain(journal, to: store)
        #expect(store.sum == 1)
        let next = journal.nextBatch(of: journal.id)
        #expect(next.batch == nil && next.damage.isEmpty)
        #expect("\(try #require(next.obstacle))".contains(segments[1]))
        journal.clean(now: Self.now + .seconds(901))
        #expect(throws: JournalError.self) { try Self.open(folder, boot: 2) }
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: folder + "/aside", toPath: path)
        try await Self.drain(journal, to: store)
        #expect(store.sum == 3)
    }

    @Test(arguments: [(UInt8(1), JournalRecord.countSize), (UInt8(2), JournalRecord.eventSize)])
    func everyBitOfARecordChangesItsCheck(kind: UInt8, size: Int) {
        var random = SplitMix64(seed: UInt64(kind))
        var bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
        bytes[8] = kind
        let salt = JournalPage.salt(sequence: 7, boot: ReplicaID(UUIDValue(high: 1, low: 2)), lane: 0)
        func check(_ salt: UInt64 = salt) -> UInt64 {
            bytes.withUnsafeBytes { JournalRecord.check($0, salt: salt) }
        }
        let whole = check()
        // Not the kind, and in a count neither the number nor the check of that.
        for bit in 72..<size * 8 where kind == 2 || !(320..<448).contains(bit) {
            bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(check() != whole, "bit \(bit)")
            bytes[bit / 8] ^= 1 << (bit % 8)
        }
        for (sequence, high, lane) in [(Int64(8), UInt64(1), 0), (7, 3, 0), (7, 1, 1)] {
            let boot = ReplicaID(UUIDValue(high: high, low: 2))
            #expect(check(JournalPage.salt(sequence: sequence, boot: boot, lane: lane)) != whole)
        }
    }

    /// Blocks that never reached the disk read as zeros: stated, when intact records stand behind them.
    @Test func aHoleInAPageIsDamage() async throws {
        let folder = Self.folders.make()
        let store = MemoryUsageStore()
        let dead = try Self.open(folder, boot: 1, limits: JournalLimits(lanes: 1, pageBytes: 1 << 15))
        for tenant in 1...100 { dead.count(Self.key(UInt64(tenant)), minute: Self.minute) }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let pages = folder + "/" + (try #require(names.first { $0.hasSuffix(".pages") }))
        let file = try #require(FileHandle(forUpdatingAtPath: pages))
        try file.seek(toOffset: 8_192)
        try file.write(contentsOf: [UInt8](repeating: 0, count: 4_096))
        try file.close()
        let next = try Self.open(folder, boot: 2)
        #expect(next.recovery.damage.contains { $0.bytes >= 4_000 })
        try await Self.drain(next, to: store)
        #expect(store.sum < 100 && store.sum > 50)
    }

    /// Killed between the frame and the zeroing of its page, and the directory's id lost on top.
    @Test func aPageWhoseFrameIsThereCountsOnceThoughTheDirectorysIdIsLost() async throws {
        let folder = Self.folders.make()
        let store = MemoryUsageStore()
        let dead = try Self.open(folder, boot: 1, limits: JournalLimits(lanes: 1, pageBytes: 1 << 15))
        for _ in 0..<5 { dead.count(Self.key(1), minute: Self.minute) }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let pages = folder + "/" + (try #require(names.first { $0.hasSuffix(".pages") }))
        let before = try Data(contentsOf: URL(fileURLWithPath: pages))
        #expect(dead.seal(now: Self.now) == .frame)
        try before.write(to: URL(fileURLWithPath: pages))
        try Data("garbage".utf8).write(to: URL(fileURLWithPath: folder + "/journal-id"))
        let next = try UsageJournal(
            directory: folder, boot: ReplicaID(UUIDValue(high: 7, low: 2)),
            limits: JournalLimits(lanes: 1, pageBytes: 1 << 15), made: UUIDValue(high: 1, low: 99),
            now: Self.now)
        try await Self.drain(next, to: store)
        #expect(store.sum == 5)
    }

    /// Order is a matter of sequence numbers, never of clocks.
    @Test func aClockSetBackLosesAndDoublesNothing() async throws {
        let folder = Self.folders.make()
        let store = MemoryUsageStore()
        for boot in 1...5 {
            let now = Self.now - .seconds(86_400 * boot)
            let journal = try Self.open(folder, boot: UInt64(10 - boot), now: now)
            for step in 0..<10 {
                journal.count(Self.key(1), minute: now.microseconds / 60_000_000 - Int64(step))
                _ = journal.seal(now: now - .seconds(60 * step))
            }
            journal.count(Self.key(1), minute: now.microseconds / 60_000_000)
            if boot.isMultiple(of: 2) { try await Self.drain(journal, to: store) }
            journal.clean(now: now)
        }
        try await Self.drain(try Self.open(folder, boot: 20), to: store)
        #expect(store.sum == 55)
    }

    @Test func aDirectoryThatCannotHoldTheJournalIsNamed() throws {
        let error = #expect(throws: JournalError.self) { try Self.open("/proc/nowhere", boot: 1) }
        #expect("\(try #require(error))".contains("/proc/nowhere"))
    }

    // MARK: Damage

    /// Truncated, overwritten or with garbage behind: the start succeeds, nothing counts twice, and nothing
    /// is lost but what was damaged.
    @Test func damageLosesAtMostWhatItHit() async throws {
        for seed in 0..<1_000 { try await damage(seed: UInt64(seed)) }
    }

    private func damage(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let folder = Self.folders.make()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = MemoryUsageStore()
        let journal = try Self.open(
            folder, boot: 1, limits: JournalLimits(lanes: 1, pageBytes: 1 << 14, segmentBytes: 2_000))
        var counted: Int64 = 0
        let rounds = Int.random(in: 1...12, using: &random)
        for round in 0...rounds {
            for _ in 0..<Int.random(in: 1...9, using: &random) {
                journal.count(Self.key(.random(in: 1...4, using: &random)), minute: Self.minute)
                counted += 1
            }
            if round < rounds { _ = journal.seal(now: Self.now) }
            if Int.random(in: 0..<5, using: &random) == 0 { try await Self.drain(journal, to: store) }
        }
        let delivered = store.sum
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0.hasPrefix("usage-")
        }
        let name = names.sorted().randomElement(using: &random)!
        let path = folder + "/" + name
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let whole = bytes
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
        case 1:
            let start = Int.random(in: 0..<bytes.count, using: &random)
            for index in start..<min(bytes.count, start + Int.random(in: 1...400, using: &random)) {
                bytes[index] = .random(in: 0...255, using: &random)
            }
        default:
            bytes += (0..<Int.random(in: 1...300, using: &random)).map { _ in
                .random(in: 0...255, using: &random)
            }
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let next = try Self.open(folder, boot: 2)
        try await Self.drain(next, to: store)
        #expect(store.sum <= counted, "seed \(seed): counted twice")
        #expect(store.sum >= delivered, "seed \(seed)")
        let isLossless = bytes.starts(with: whole)
        if isLossless { #expect(store.sum == counted, "seed \(seed): garbage behind loses nothing") }
        if store.sum < counted { #expect(!next.recovery.damage.isEmpty, "seed \(seed): a silent loss") }
        // Whatever lies outside the one file that was hit has arrived.
        let most = Int64(12 * 9 + 9)
        #expect(counted - store.sum <= most)
    }
}
