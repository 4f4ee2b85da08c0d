// A sealed second: what is delivered.
internal import BursarCore
internal import Crypto

/// Counts and events of one sequence, as they lie in a segment file:
///
///       0  "BRSRFRM1"                    32  boot (16)            64  sealed at (µs)
///       8  payload's length              48  sequence             72  SHA-256 of all but itself (32)
///      16  journal's directory (16)      56  number of records   104  payload: records, without their checks
struct JournalFrame: Hashable {
    /// Which frame it is.
    struct Label: Hashable {
        let journal: JournalID
        let sequence: Int64
        let sealedAt: Instant
    }

    let label: Label
    /// As many of a key and minute as there are lanes that counted it, or more.
    private(set) var counts: [UsageCount] = []
    private(set) var events: [RefreshEvent] = []

    static let magic = Array("BRSRFRM1".utf8)
    static let headSize = 104
    /// More than two pages of every lane can hold: a length beyond it is damage.
    static let payloadLimit = 64 << 20

    /// What guards a whole frame, of which the digest's own bytes are no part.
    static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = SHA256()
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[..<digestOffset]))
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[headSize...]))
        return Array(hash.finalize())
    }

    static let digestOffset = 72

    // MARK: Reading

    /// The frame at the beginning of `bytes`, with its size; nil when there is no intact one.
    static func read(_ bytes: UnsafeRawBufferPointer) -> (frame: JournalFrame, size: Int)? {
        guard bytes.count >= headSize, bytes[..<8].elementsEqual(magic) else { return nil }
        let length = number(bytes, at: 8)
        guard length >= 0, length <= payloadLimit, headSize + Int(length) <= bytes.count else { return nil }
        let size = headSize + Int(length)
        let whole = UnsafeRawBufferPointer(rebasing: bytes[..<size])
        let digest = whole[digestOffset..<headSize]
        guard Self.digest(whole).elementsEqual(digest) else { return nil }
        let label = Label(
            journal: JournalID(directory: uuid(bytes, at: 16), boot: ReplicaID(uuid(bytes, at: 32))),
            sequence: number(bytes, at: 48), sealedAt: Instant(microseconds: number(bytes, at: 64)))
        let payload = UnsafeRawBufferPointer(rebasing: whole[headSize...])
        let records = Int(number(bytes, at: 56))
        guard label.sequence > 0, let frame = JournalFrame(label, records, in: payload) else { return nil }
        return (frame, size)
    }

    private init?(_ label: Label, _ records: Int, in payload: UnsafeRawBufferPointer) {
        self.label = label
        counts.reserveCapacity(payload.count / JournalRecord.countSize)
        var offset = 0
        while offset < payload.count {
            guard offset + JournalRecord.stride <= payload.count,
                let step = JournalRecord.size(kind: payload[offset + 8]), offset + step <= payload.count,
                let record = JournalRecord(UnsafeRawBufferPointer(rebasing: payload[offset..<offset + step]))
            else { return nil }
            switch record {
            case .count(let count): counts.append(count)
            case .event(let event): events.append(event)
            }
            offset += step
        }
        guard counts.count + events.count == records else { return nil }
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
