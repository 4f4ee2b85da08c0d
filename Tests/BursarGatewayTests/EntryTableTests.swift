// A table does what a dictionary does, whatever collides.
import BursarTestSupport
import Testing

@testable import BursarGateway

@Suite struct EntryTableTests {
    private final class Entry {
        let key: Key
        init(_ key: Key) { self.key = key }
    }

    private struct Key: Hashable {
        let number: Int
    }

    /// Many keys meet, so that most have to look for a place.
    private enum ByKey: EntryKeying {
        static func key(of entry: Entry) -> Key { entry.key }
        static func spread(_ key: Key) -> UInt64 { UInt64(key.number % 3) &* 0x9e37_79b9_7f4a_7c15 }
    }

    @Test(arguments: TestLength.seeds(short: 200, long: 5_000))
    func aTableHoldsWhatADictionaryWould(seeds: Range<UInt64>) {
        for seed in seeds {
            var random = SplitMix64(seed: seed)
            var table = EntryTable<ByKey>()
            var expected: [Key: Entry] = [:]
            for step in 0..<200 {
                let entry = Entry(Key(number: Int(random.next() % 40)))
                let former = expected[entry.key]
                if random.next() % 5 < 2 {
                    expected[entry.key] = nil
                    #expect(table.remove(entry.key) === former)
                } else {
                    expected[entry.key] = entry
                    #expect(table.replace(by: entry) === former)
                }
                guard matches(table, expected) else {
                    Issue.record("seed \(seed), step \(step)")
                    return
                }
            }
        }
    }

    private func matches(_ table: EntryTable<ByKey>, _ expected: [Key: Entry]) -> Bool {
        (0..<40).map(Key.init).allSatisfy { table[$0] === expected[$0] } && table.count == expected.count
            && Set(table.entries.map(\.key)) == Set(expected.keys) && table.isEmpty == expected.isEmpty
    }

    @Test(arguments: TestLength.seeds(short: 200, long: 5_000))
    func severalOfAKeyComeAndGo(seeds: Range<UInt64>) {
        for seed in seeds {
            var random = SplitMix64(seed: seed)
            var table = EntryTable<ByKey>()
            var expected: [Entry] = []
            for step in 0..<200 {
                if random.next() % 5 < 2, let gone = expected.randomElement(using: &random) {
                    expected.removeAll { $0 === gone }
                    table.remove(gone)
                } else {
                    expected.append(Entry(Key(number: Int(random.next() % 10))))
                    table.add(expected[expected.count - 1])
                }
                let key = Key(number: Int(random.next() % 10))
                let (found, there) = (table.all(of: key), expected.filter { $0.key == key })
                guard Set(found.map(ObjectIdentifier.init)) == Set(there.map(ObjectIdentifier.init)),
                    found.count == there.count, table.count == expected.count
                else {
                    Issue.record("seed \(seed), step \(step)")
                    return
                }
            }
        }
    }

    @Test func entriesOfOneKeyAreToldApart() {
        var table = EntryTable<ByKey>()
        let same = (0..<5).map { _ in Entry(Key(number: 3)) }
        let others = (0..<5).map { Entry(Key(number: 3 * $0 + 6)) }
        for (one, other) in zip(same, others) {
            table.add(one)
            table.add(other)
        }
        table.remove(same[1])
        table.remove(others[0])
        #expect(table.first(of: Key(number: 3)) { $0 === same[2] } === same[2])
        #expect(table.first(of: Key(number: 3)) { $0 === same[1] } == nil)
        let kept = [same[0], same[2], same[3], same[4]].map(ObjectIdentifier.init)
        #expect(Set(table.all(of: Key(number: 3)).map(ObjectIdentifier.init)) == Set(kept))
        #expect(table[others[0].key] == nil && table[others[4].key] === others[4])
        #expect(table.count == 8)
    }

    /// Fetching ahead says nothing of what is there, and needs nothing to be there.
    @Test func whatIsNotThereCanBeFetchedAhead() {
        var table = EntryTable<ByKey>()
        for _ in 0..<2 {
            table.fetchPlaceAhead(of: Key(number: 1))
            table.fetchEntryAhead(of: Key(number: 1))
            table.add(Entry(Key(number: 2)))
        }
        #expect(table[Key(number: 1)] == nil && table.count == 2)
    }

    @Test func aCopyStaysAsItWas() {
        var table = EntryTable<ByKey>()
        table.reserveCapacity(100)
        let entries = (0..<100).map { Entry(Key(number: $0)) }
        for entry in entries { table.replace(by: entry) }
        let copy = table
        for entry in entries { table.remove(entry) }
        #expect(table.isEmpty && copy.count == 100)
        #expect(entries.allSatisfy { copy[$0.key] === $0 && table[$0.key] == nil })
    }
}
