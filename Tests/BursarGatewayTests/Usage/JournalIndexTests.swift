// Counts are told apart by all that they are of.
import BursarCore
import BursarTestSupport
import Testing

@testable import BursarGateway

@Suite struct JournalIndexTests {
    /// Keys that differ in one thing each, with what is nothing and what only looks like it.
    private static let keys: [UsageKey] = {
        let tenants: [TenantID?] = [nil] + (0...2).map { TenantID(UUIDValue(high: 0, low: $0)) }
        let clients = [nil, "brc_ABCDEFGHIJ0123456789", "brc_ABCDEFGHIJ012345678A"]
            .map { $0.flatMap { ClientID($0) } }
        let providers = [nil, "a", "ab", "zertiban", "a-provider-of-thirty-two-letters"]
            .map { $0.flatMap { ProviderID($0) } }
        var keys: [UsageKey] = []
        for tenant in tenants {
            for client in clients {
                for provider in providers {
                    for environment in [nil, ProviderEnvironment.sandbox, .production] {
                        for meter in [Meter.answeredMemory, .renewals] {
                            keys.append(
                                UsageKey(
                                    tenant: tenant, client: client, provider: provider,
                                    environment: environment, meter: meter))
                        }
                    }
                }
            }
        }
        return keys
    }()

    @Test func eachKeyAndMinuteHasACountOfItsOwn() async throws {
        var random = SplitMix64(seed: 11)
        let journal = try JournalTests.open(
            JournalTests.folders.make(), boot: 1, limits: JournalLimits(lanes: 1, pageBytes: 1 << 18))
        var expected: [UsageCount: Int64] = [:]
        for _ in 0..<10_000 {
            let key = Self.keys.randomElement(using: &random)!
            let minute = JournalTests.minute + .random(in: 0...2, using: &random)
            journal.count(key, minute: minute)
            expected[UsageCount(key: key, minute: minute, count: 1), default: 0] += 1
        }
        #expect(journal.takeUnattributed() == 0, "a key that was not found again would fill the page")
        #expect(journal.seal(now: JournalTests.now) == .frame)
        let id = try #require(journal.undelivered.first)
        _ = journal.stands(id, at: 0, now: JournalTests.now, since: journal.epoch)
        let counts = try #require(journal.nextBatch(of: id).batch).counts
        for count in counts {
            let one = UsageCount(key: count.key, minute: count.minute, count: 1)
            #expect(expected.removeValue(forKey: one) == count.count)
        }
        #expect(expected.isEmpty)
    }

    @Test func aPageBeginsWithNothing() throws {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 14, alignment: 64)
        defer { room.deallocate() }
        room.initializeMemory(as: UInt8.self, repeating: 0)
        var page = JournalPage(bytes: room)
        let key = UsageKey(meter: .limited)
        for sequence in 1...3 as ClosedRange<Int64> {
            page.begin(sequence: sequence, boot: ReplicaID(UUIDValue(high: 1, low: 2)), lane: 0)
            #expect(page.isEmpty)
            for _ in 0..<3 {
                let isExact = page.count(key, minute: 5)
                #expect(isExact)
            }
            var found: [JournalRecord?] = []
            let damage = JournalPage.read(UnsafeRawBufferPointer(room), salt: page.salt) { record in
                found.append(JournalRecord(record))
                return true
            }
            #expect(found == [.count(UsageCount(key: key, minute: 5, count: 3))] && damage.isEmpty)
            JournalPage.zero(UnsafeMutableRawBufferPointer(rebasing: room[..<page.used]))
        }
    }
}
