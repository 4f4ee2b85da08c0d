// Sealed frames on the disk, until they are delivered and a while longer.
internal import BursarCore

/// Which frames lie where. A value: the journal holds it under a lock, and touches files outside the hit
/// path.
struct JournalSpool {
    /// Where a frame lies.
    struct Location: Hashable {
        let sequence: Int64
        let segment: String
        let offset: Int
        let size: Int
        let sealedAt: Instant
        var deliveredAt: Instant?
    }

    private struct Segment {
        var bytes: Int
        var isClosed: Bool
    }

    private(set) var frames: [JournalID: [Location]] = [:]
    private var segments: [String: Segment] = [:]
    /// How far the store has a journal, and when it said so last.
    private struct Standing {
        var position: Int64
        var at: Instant
    }

    /// Nil until the store was asked.
    private var standings: [JournalID: Standing] = [:]
    /// How far any store has acknowledged a journal.
    private var acknowledged: [JournalID: Int64] = [:]
    /// Journals whose acknowledged frames may be lost, until the new store says how far it has them.
    private var doubted: Set<JournalID> = []
    private(set) var epoch = 0
    private var cleanedAt: Instant?

    var bytes: Int { segments.values.reduce(0) { $0 + $1.bytes } }
    var pending: Int { frames.values.reduce(0) { $0 + $1.count { $0.deliveredAt == nil } } }

    var oldestPending: Instant? {
        frames.values.compactMap { $0.first { $0.deliveredAt == nil }?.sealedAt }.min()
    }

    func position(of journal: JournalID) -> Int64? { standings[journal]?.position }

    mutating func forgetPositions() { standings = [:] }

    mutating func doubt() {
        epoch += 1
        standings = [:]
        doubted = Set(frames.keys)
    }

    /// Journals with frames that the store may lack, the oldest first.
    var journals: [JournalID] {
        frames.filter { $0.value.contains { $0.deliveredAt == nil } || standings[$0.key] == nil }.keys
            .sorted { $0.boot < $1.boot }
    }

    mutating func add(_ frame: JournalFrame.Label, segment: String, offset: Int, size: Int) {
        // A frame that is there twice counts once.
        guard !holds(frame.sequence, of: frame.journal) else { return }
        let place = index(after: frame.sequence, of: frame.journal)
        frames[frame.journal, default: []].insert(
            Location(
                sequence: frame.sequence, segment: segment, offset: offset, size: size,
                sealedAt: frame.sealedAt),
            at: place)
    }

    /// Place of the first frame behind `sequence`. There may be one for each second of some days.
    private func index(after sequence: Int64, of journal: JournalID) -> Int {
        let known = frames[journal] ?? []
        var (low, high) = (0, known.count)
        while low < high {
            let middle = (low + high) / 2
            if known[middle].sequence > sequence { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The journal that a process kept, by the frames that it has left: they say whose they are, even when
    /// the directory's own id was lost.
    func journal(ofBoot boot: ReplicaID) -> JournalID? { frames.keys.first { $0.boot == boot } }

    mutating func grow(_ segment: String, to bytes: Int, isClosed: Bool) {
        segments[segment] = Segment(bytes: bytes, isClosed: isClosed)
    }

    mutating func close(_ segment: String) { segments[segment]?.isClosed = true }

    func holds(_ sequence: Int64, of journal: JournalID) -> Bool {
        let place = index(after: sequence - 1, of: journal)
        return frames[journal].map { place < $0.count && $0[place].sequence == sequence } ?? false
    }

    /// Frames behind `position`, in order.
    func next(of journal: JournalID, after position: Int64, limit: Int) -> [Location] {
        Array((frames[journal] ?? []).dropFirst(index(after: position, of: journal)).prefix(limit))
    }

    /// What a store lacks of what it, or its predecessor, had acknowledged.
    struct Setback: Equatable {
        /// Frames that are there to be sent again.
        var replayed = 0
        /// Frames that are not kept any more.
        var lost: Int64 = 0
    }

    /// The store has everything up to `position`, and nothing behind it.
    mutating func stands(_ journal: JournalID, at position: Int64, now: Instant) -> Setback {
        standings[journal] = Standing(position: position, at: now)
        doubted.remove(journal)
        let former = acknowledged.updateValue(position, forKey: journal) ?? position
        let place = index(after: position, of: journal)
        guard let count = frames[journal]?.count else { return Setback() }
        // Delivered frames are the first ones, so only those between the former position and this one change.
        for index in (0..<place).reversed() {
            guard frames[journal]?[index].deliveredAt == nil else { break }
            frames[journal]?[index].deliveredAt = now
        }
        var setback = Setback()
        for index in place..<count {
            guard frames[journal]?[index].deliveredAt != nil else { break }
            frames[journal]?[index].deliveredAt = nil
            setback.replayed += 1
        }
        setback.lost = max(0, former - position - Int64(setback.replayed))
        return setback
    }

    mutating func forget(_ location: Location, of journal: JournalID) {
        frames[journal]?.removeAll { $0.sequence == location.sequence }
    }

    /// Whether all that lies in it was delivered before `limit`.
    func isOld(_ segment: String, before limit: Instant) -> Bool {
        frames.values.allSatisfy { locations in
            locations.allSatisfy { $0.segment != segment || ($0.deliveredAt.map { $0 <= limit } ?? false) }
        }
    }

    mutating func isCleaningDue(each interval: Duration, now: Instant) -> Bool {
        if let cleanedAt, now - cleanedAt < interval, now >= cleanedAt { return false }
        cleanedAt = now
        return true
    }

    /// Closed segments in which every frame was delivered before `limit`, and was still there once it had
    /// been `kept`; they are forgotten. Whoever delivers is to ask about those of which that is not known.
    mutating func takeOutdated(before limit: Instant, kept: Duration) -> [String] {
        for (journal, locations) in frames {
            let isDue = { (location: Location) in
                guard let at = location.deliveredAt, at <= limit else { return false }
                return self.standings[journal].map { $0.at - at < kept } ?? false
            }
            if locations.contains(where: isDue) { standings[journal] = nil }
        }
        let names = droppable { journal, location in
            guard let at = location.deliveredAt else { return false }
            return at <= limit && standings[journal] != nil
        }
        return forget(names.sorted())
    }

    /// Closed segments of which all is delivered, the oldest first, until they make up `bytes`; they are
    /// forgotten.
    mutating func takeOldestDelivered(bytes: Int) -> [String] {
        var ages: [String: Instant] = [:]
        for location in frames.values.joined() {
            ages[location.segment] = max(ages[location.segment] ?? location.sealedAt, location.sealedAt)
        }
        let names = droppable { $1.deliveredAt != nil && !doubted.contains($0) }
        var taken: [String] = []
        var freed = 0
        // One without an age holds no frame at all.
        for name in names.sorted(by: { (ages[$0]?.microseconds ?? 0, $0) < (ages[$1]?.microseconds ?? 0, $1) }
        )
        where freed < bytes {
            freed += segments[name]?.bytes ?? 0
            taken.append(name)
        }
        return forget(taken)
    }

    /// Closed segments of which every frame may go.
    private func droppable(_ mayGo: (JournalID, Location) -> Bool) -> [String] {
        var busy: Set<String> = []
        for (journal, locations) in frames {
            for location in locations where !mayGo(journal, location) { busy.insert(location.segment) }
        }
        return segments.filter { $0.value.isClosed && !busy.contains($0.key) }.map(\.key)
    }

    private mutating func forget(_ names: [String]) -> [String] {
        let gone = Set(names)
        guard !gone.isEmpty else { return [] }
        for name in names { segments[name] = nil }
        for (journal, locations) in frames {
            let rest = locations.filter { !gone.contains($0.segment) }
            frames[journal] = rest.isEmpty ? nil : rest
        }
        return names
    }
}
