// A sealed second: what is delivered.
internal import BursarCore
internal import Crypto

/// Counts and events of one sequence, as they lie in a segment file:
///
///       0  "BRSRFRM1"                    32  boot (16)            64  sealed at (µs)
///       8  payload's length              48  sequence             72  SHA-256 of all but itself (32)
///      16  journal's directory (16)      56  number of records   104  payload: records, without their checks
struct JournalFrame: Hashable {
    let journal: JournalID
    let sequence: Int64
    let sealedAt: Instant
    /// As many of a key and minute as there are lanes that counted it, or more.
    let counts: [UsageCount]
    let events: [RefreshEvent]

    static let magic = Array("BRSRFRM1".utf8)
    static let headSize = 104
    /// More than two pages of every lane can hold: a length beyond it is damage.
    static let payloadLimit = 64 << 20

    init(journal: JournalID, sequence: Int64, sealedAt: Instant, records: [JournalRecord]) {
        self.journal = journal
        self.sequence = sequence
        self.sealedAt = sealedAt
        var counts: [UsageCount] = []
        var events: [RefreshEvent] = []
        counts.reserveCapacity(records.count)
        for record in records {
            switch record {
            case .count(let count): counts.append(count)
            case .event(let event): events.append(event)
            }
        }
        self.counts = counts
        self.events = events
    }

    // MARK: Writing

    func bytes() -> [UInt8] {
        let size = counts.count * JournalRecord.countSize + events.count * JournalRecord.eventSize
        var bytes = [UInt8](repeating: 0, count: Self.headSize + size)
        bytes.withUnsafeMutableBytes { bytes in
            bytes.copyBytes(from: Self.magic)
            Self.put(Int64(size), at: 8, in: bytes)
            Self.put(journal.directory, at: 16, in: bytes)
            Self.put(journal.boot.uuid, at: 32, in: bytes)
            Self.put(sequence, at: 48, in: bytes)
            Self.put(Int64(counts.count + events.count), at: 56, in: bytes)
            Self.put(sealedAt.microseconds, at: 64, in: bytes)
            var offset = Self.headSize
            for record in counts.map(JournalRecord.count) + events.map(JournalRecord.event) {
                let end = offset + record.size
                record.write(to: UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<end]))
                offset = end
            }
            let digest = Self.digest(UnsafeRawBufferPointer(bytes))
            for (index, byte) in digest.enumerated() { bytes[72 + index] = byte }
        }
        return bytes
    }

    private static func put(_ number: Int64, at offset: Int, in bytes: UnsafeMutableRawBufferPointer) {
        bytes.storeBytes(of: number.littleEndian, toByteOffset: offset, as: Int64.self)
    }

    private static func put(_ uuid: UUIDValue, at offset: Int, in bytes: UnsafeMutableRawBufferPointer) {
        put(Int64(bitPattern: uuid.high), at: offset, in: bytes)
        put(Int64(bitPattern: uuid.low), at: offset + 8, in: bytes)
    }

    private static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = SHA256()
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[..<72]))
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[headSize...]))
        return Array(hash.finalize())
    }

    // MARK: Reading

    /// The frame at the beginning of `bytes`, with its size; nil when there is no intact one.
    static func read(_ bytes: UnsafeRawBufferPointer) -> (frame: JournalFrame, size: Int)? {
        guard bytes.count >= headSize, bytes[..<8].elementsEqual(magic) else { return nil }
        let length = number(bytes, at: 8)
        guard length >= 0, length <= payloadLimit, headSize + Int(length) <= bytes.count else { return nil }
        let size = headSize + Int(length)
        let whole = UnsafeRawBufferPointer(rebasing: bytes[..<size])
        guard whole[72..<headSize].elementsEqual(digest(whole)) else { return nil }
        var records: [JournalRecord] = []
        var offset = headSize
        while offset < size {
            guard let step = JournalRecord.size(kind: whole[offset + 8]), offset + step <= size,
                let record = JournalRecord(UnsafeRawBufferPointer(rebasing: whole[offset..<offset + step]))
            else { return nil }
            records.append(record)
            offset += step
        }
        guard records.count == Int(number(bytes, at: 56)) else { return nil }
        let journal = JournalID(
            directory: uuid(bytes, at: 16), boot: ReplicaID(uuid(bytes, at: 32)))
        let frame = JournalFrame(
            journal: journal, sequence: number(bytes, at: 48),
            sealedAt: Instant(microseconds: number(bytes, at: 64)), records: records)
        return frame.sequence > 0 ? (frame, size) : nil
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int64 {
        Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
    }

    private static func uuid(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UUIDValue {
        UUIDValue(
            high: UInt64(bitPattern: number(bytes, at: offset)),
            low: UInt64(bitPattern: number(bytes, at: offset + 8)))
    }
}
