// A stretch of mapped memory in which counts gather for one sequence.
internal import BursarCore

/// Records of one lane and one sequence, appended on their stride. The first 64 bytes are its head: the
/// sequence and a check. A page is all zeros before it is used.
struct JournalPage {
    let bytes: UnsafeMutableRawBufferPointer
    /// What tells this page's records from those of its former uses, and of other pages.
    private(set) var salt: UInt64 = 0
    private(set) var sequence: Int64 = 0
    private(set) var used = JournalRecord.stride
    private var index: JournalIndex
    /// Where a meter is counted when there is no room for more keys.
    private var fallbacks: [Meter: Int] = [:]

    /// Kept for keys without attribution, so that sums stay exact on a full page: 64 records.
    private static let reserve = 64 * JournalRecord.countSize

    init(bytes: UnsafeMutableRawBufferPointer) {
        self.bytes = bytes
        index = JournalIndex(records: bytes.count / JournalRecord.countSize)
    }

    var isEmpty: Bool { used == JournalRecord.stride }
    /// Whether it should be sealed before its second is over.
    var isHalfFull: Bool { used > bytes.count / 2 }

    /// Takes the page, which is all zeros, into use.
    mutating func begin(sequence: Int64, boot: ReplicaID, lane: Int) {
        self.sequence = sequence
        salt = Self.salt(sequence: sequence, boot: boot, lane: lane)
        used = JournalRecord.stride
        index.removeAll()
        fallbacks.removeAll(keepingCapacity: true)
        bytes.storeBytes(of: sequence.littleEndian, toByteOffset: 0, as: Int64.self)
        bytes.storeBytes(of: Self.check(of: sequence).littleEndian, toByteOffset: 8, as: UInt64.self)
    }

    /// Zeros what was used of a page. The head comes last: until then it says whose records these were.
    static func zero(_ used: UnsafeMutableRawBufferPointer) {
        for part in [used[JournalRecord.stride...], used[..<JournalRecord.stride]] {
            UnsafeMutableRawBufferPointer(rebasing: part).initializeMemory(as: UInt8.self, repeating: 0)
        }
    }

    /// It was zeroed.
    mutating func forget() { used = JournalRecord.stride }

    static func salt(sequence: Int64, boot: ReplicaID, lane: Int) -> UInt64 {
        [boot.uuid.high, boot.uuid.low, UInt64(bitPattern: sequence), UInt64(lane)]
            .reduce(0, JournalRecord.mixed)
    }

    static func check(of sequence: Int64) -> UInt64 {
        UInt64(bitPattern: sequence) &* 0x9e37_79b9_7f4a_7c15 ^ 0x6272_7361_7270_6167
    }

    // MARK: Counting

    /// Adds one. Answers whether it is counted under its own key.
    mutating func count(_ key: UsageKey, minute: Int64) -> Bool {
        if add(key, minute: minute, sparing: Self.reserve) != nil { return true }
        countUnattributed(key.meter, minute: minute)
        return key == UsageKey(meter: key.meter)
    }

    /// A meter's first such record is always made; a further one, for another minute, while there is room.
    private mutating func countUnattributed(_ meter: Meter, minute: Int64) {
        let isFirst = fallbacks[meter] == nil
        let missing = Meter.allCases.count - fallbacks.count - (isFirst ? 1 : 0)
        let spared = isFirst ? 0 : missing * JournalRecord.countSize
        if let offset = add(UsageKey(meter: meter), minute: minute, sparing: spared) {
            if isFirst { fallbacks[meter] = offset }
        } else if let offset = fallbacks[meter] {
            increment(at: offset)
        }
    }

    /// Adds one to the record of this key and minute, which is made where there is none. Answers where it
    /// stands; nil when that would leave less room than is to be spared, and nothing is counted.
    private mutating func add(_ key: UsageKey, minute: Int64, sparing spared: Int) -> Int? {
        // Keys whose second is not sealed for long have many minutes.
        let spread = key.spread &+ UInt64(bitPattern: minute) &* 0x9e37_79b9_7f4a_7c15
        return withUnsafeTemporaryAllocation(byteCount: JournalRecord.countSize, alignment: 8) { record in
            record.initializeMemory(as: UInt8.self, repeating: 0)
            JournalRecord.write(1, of: key, minute: minute, to: record)
            if let offset = index.offset(ofSame: UnsafeRawBufferPointer(record), spread, in: bytes) {
                increment(at: offset)
                return offset
            }
            guard used + JournalRecord.countSize + spared <= bytes.count else { return nil }
            index.add(used, spread)
            return append(UnsafeRawBufferPointer(record))
        }
    }

    private mutating func append(_ first: UnsafeRawBufferPointer) -> Int {
        let offset = used
        let record = slice(at: offset, JournalRecord.countSize)
        record.copyMemory(from: first)
        let check = JournalRecord.check(first, salt: salt)
        let own = JournalRecord.check(ofCount: 1, in: check)
        record.storeBytes(
            of: own.littleEndian, toByteOffset: JournalRecord.ownCheckOffset, as: UInt64.self)
        // Last: a record without it was never finished.
        record.storeBytes(of: check.littleEndian, toByteOffset: 0, as: UInt64.self)
        used += JournalRecord.countSize
        return offset
    }

    /// Two stores; a kill between them leaves a count whose check is that of one less.
    private func increment(at offset: Int) {
        let record = slice(at: offset, JournalRecord.countSize)
        let check = UInt64(littleEndian: record.load(as: UInt64.self))
        let count = Int64(littleEndian: record.load(fromByteOffset: 40, as: Int64.self)) + 1
        record.storeBytes(of: count.littleEndian, toByteOffset: 40, as: Int64.self)
        let own = JournalRecord.check(ofCount: count, in: check)
        record.storeBytes(
            of: own.littleEndian, toByteOffset: JournalRecord.ownCheckOffset, as: UInt64.self)
    }

    /// Whether there was room.
    mutating func append(_ event: RefreshEvent) -> Bool {
        guard used + JournalRecord.eventSize + Self.reserve <= bytes.count else { return false }
        let record = slice(at: used, JournalRecord.eventSize)
        JournalRecord.event(event).write(to: record)
        let check = JournalRecord.check(UnsafeRawBufferPointer(record), salt: salt)
        record.storeBytes(of: check.littleEndian, toByteOffset: 0, as: UInt64.self)
        used += JournalRecord.eventSize
        return true
    }

    private func slice(at offset: Int, _ size: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + size])
    }

    // MARK: Reading

    /// Hands over whatever is intact, in its order, and answers offset and length of what did not survive:
    /// what is neither intact nor zeros nor unfinished. Records follow each other without gaps, so zeros
    /// before an intact one are damage as well.
    /// - Parameter take: answers whether it is a record at all.
    static func read(
        _ bytes: UnsafeRawBufferPointer, salt: UInt64, take: (UnsafeRawBufferPointer) -> Bool
    ) -> [(offset: Int, bytes: Int)] {
        var damage: [(offset: Int, bytes: Int)] = []
        var offset = JournalRecord.stride
        var hole: Int?
        while offset + JournalRecord.stride <= bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            guard let record = intact(rest, salt), take(record) else {
                // An unfinished record begins with zeros, as unused room does.
                if rest.loadUnaligned(as: UInt64.self) == 0 {
                    hole = hole ?? offset
                    offset += JournalRecord.size(kind: rest[8]) ?? JournalRecord.stride
                } else {
                    damage.append((offset, JournalRecord.stride))
                    offset += JournalRecord.stride
                }
                continue
            }
            if let begin = hole { damage.append((begin, offset - begin)) }
            hole = nil
            offset += record.count
        }
        return damage
    }

    /// The record that `bytes` begin with.
    private static func intact(_ bytes: UnsafeRawBufferPointer, _ salt: UInt64) -> UnsafeRawBufferPointer? {
        guard let size = JournalRecord.size(kind: bytes[8]), size <= bytes.count else { return nil }
        let record = UnsafeRawBufferPointer(rebasing: bytes[..<size])
        return JournalRecord.isIntact(record, salt: salt) ? record : nil
    }
}
