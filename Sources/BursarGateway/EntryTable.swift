// Tables of objects that hold their own keys.

/// By which key of its entries a table finds them.
protocol EntryKeying {
    associatedtype Entry: AnyObject
    associatedtype Key: Equatable
    /// It never changes while the entry is in a table.
    static func key(of entry: Entry) -> Key
    /// A number whose lower bits differ from key to key.
    static func spread(_ key: Key) -> UInt64
}

/// Objects, found by a key that each holds itself. There are several tables with an entry for each tenant: a
/// dictionary would hold every key once more, and a look-up in it touches memory that is in no cache three
/// times before it touches the entry. Open addressing with linear probing (Knuth, The Art of Computer
/// Programming, volume 3, 6.4), at most half full, so that the first place is nearly always the right one.
struct EntryTable<Keying: EntryKeying> {
    typealias Entry = Keying.Entry
    typealias Key = Keying.Key

    /// A power of two of them, or none.
    private var places: [Entry?] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// All of them, in no order that means anything.
    var entries: [Entry] {
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        for case let entry? in places { entries.append(entry) }
        return entries
    }

    // MARK: Looking up

    /// The entry of this key; one of them, where it has been added several times.
    subscript(key: Key) -> Entry? { first(of: key) { _ in true } }

    /// The first entry of this key that is meant.
    func first(of key: Key, where isMeant: (Entry) -> Bool) -> Entry? {
        place(of: key, where: isMeant).flatMap { places[$0] }
    }

    /// Begins to fetch the place where looking for this key begins.
    func fetchPlaceAhead(of key: Key) {
        withHome(of: key) { BursarGateway.fetchAhead(at: $0, lines: 1) }
    }

    /// Begins to fetch the entry that stands there, which is nearly always the one of this key.
    func fetchEntryAhead(of key: Key) {
        withHome(of: key) { place in
            // As a mere address: holding on to the entry would wait for its memory.
            guard let entry = place.load(as: UnsafeRawPointer?.self) else { return }
            BursarGateway.fetchAhead(at: entry)
        }
    }

    private func withHome(of key: Key, _ body: (UnsafeRawPointer) -> Void) {
        places.withUnsafeBufferPointer { places in
            guard let start = places.baseAddress, places.count > 0 else { return }
            body(start + home(of: key))
        }
    }

    /// Every entry of this key.
    func all(of key: Key) -> [Entry] {
        var found: [Entry] = []
        _ = place(of: key) { entry in
            found.append(entry)
            return false
        }
        return found
    }

    private func place(of key: Key, where isMeant: (Entry) -> Bool) -> Int? {
        guard !places.isEmpty else { return nil }
        var place = home(of: key)
        while let entry = places[place] {
            if Keying.key(of: entry) == key, isMeant(entry) { return place }
            place = next(place)
        }
        return nil
    }

    // MARK: Changing

    /// Makes room for so many entries at once. Whether it was not there: then this took as long as there are
    /// entries, each of which is asked for its key.
    @discardableResult
    mutating func reserveCapacity(_ wanted: Int) -> Bool {
        guard places.count < 2 * wanted else { return false }
        var size = max(places.count, 16)
        while size < 2 * wanted { size *= 2 }
        let former = places
        places = Array(repeating: nil, count: size)
        for case let entry? in former { place(entry) }
        return true
    }

    /// Puts `entry` in the place of the one with its key, which comes back.
    @discardableResult
    mutating func replace(by entry: Entry) -> Entry? {
        guard let place = place(of: Keying.key(of: entry), where: { _ in true }) else {
            add(entry)
            return nil
        }
        defer { places[place] = entry }
        return places[place]
    }

    /// Adds `entry` beside those that have the same key.
    mutating func add(_ entry: Entry) {
        reserveCapacity(count + 1)
        place(entry)
        count += 1
    }

    @discardableResult
    mutating func remove(_ key: Key) -> Entry? { remove(of: key) { _ in true } }

    /// Removes this very entry.
    mutating func remove(_ entry: Entry) { remove(of: Keying.key(of: entry)) { $0 === entry } }

    @discardableResult
    private mutating func remove(of key: Key, where isMeant: (Entry) -> Bool) -> Entry? {
        guard let place = place(of: key, where: isMeant) else { return nil }
        defer { empty(place) }
        return places[place]
    }

    private mutating func place(_ entry: Entry) {
        var place = home(of: Keying.key(of: entry))
        while places[place] != nil { place = next(place) }
        places[place] = entry
    }

    /// Those behind move up, so that none is cut off from the place where looking for it begins.
    private mutating func empty(_ place: Int) {
        var (gap, place) = (place, next(place))
        while let entry = places[place] {
            if distance(from: home(of: Keying.key(of: entry)), to: place) >= distance(from: gap, to: place) {
                places[gap] = entry
                gap = place
            }
            place = next(place)
        }
        places[gap] = nil
        count -= 1
    }

    // MARK: Places

    private func home(of key: Key) -> Int { Int(truncatingIfNeeded: Keying.spread(key)) & (places.count - 1) }
    private func next(_ place: Int) -> Int { (place + 1) & (places.count - 1) }
    private func distance(from first: Int, to last: Int) -> Int { (last - first) & (places.count - 1) }
}
