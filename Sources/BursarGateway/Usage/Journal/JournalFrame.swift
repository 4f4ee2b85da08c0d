// A sealed second: what is delivered.
internal import BursarCore
internal import Crypto

/// Counts and events of one sequence, as they lie in a segment file:
///
///       0  "BRSRFRM1"                    32  boot (16)            64  sealed at (µs)
///       8  payload's length              48  sequence             72  SHA-256 of all but itself (32)
///      16  journal's directory (16)      56  number of records   104  payload: records, without their checks
struct JournalFrame {
    /// Which frame it is.
    struct Label: Hashable {
        let journal: JournalID
        let sequence: Int64
        let sealedAt: Instant
    }

    let label: Label
    private let records: Int64
    /// In the memory that it was read from.
    private let payload: UnsafeRawBufferPointer

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

    /// The frame at the beginning of `bytes`, as long as they are there; nil when there is no intact one.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headSize, bytes[..<8].elementsEqual(Self.magic) else { return nil }
        let length = Self.number(bytes, at: 8)
        guard length >= 0, length <= Self.payloadLimit, Self.headSize + Int(length) <= bytes.count else {
            return nil
        }
        let whole = UnsafeRawBufferPointer(rebasing: bytes[..<(Self.headSize + Int(length))])
        guard Self.digest(whole).elementsEqual(whole[Self.digestOffset..<Self.headSize]) else { return nil }
        label = Label(
            journal: JournalID(
                directory: Self.uuid(bytes, at: 16), boot: ReplicaID(Self.uuid(bytes, at: 32))),
            sequence: Self.number(bytes, at: 48), sealedAt: Instant(microseconds: Self.number(bytes, at: 64)))
        records = Self.number(bytes, at: 56)
        payload = UnsafeRawBufferPointer(rebasing: whole[Self.headSize...])
        guard label.sequence > 0 else { return nil }
    }

    var size: Int { Self.headSize + payload.count }

    /// Hands over each record, until one is not taken. Whether there are as many as it says, and all of them
    /// were.
    func forEachRecord(_ take: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        var (offset, taken) = (0, 0 as Int64)
        while offset < payload.count {
            guard offset + JournalRecord.stride <= payload.count,
                let step = JournalRecord.size(kind: payload[offset + 8]), offset + step <= payload.count,
                take(UnsafeRawBufferPointer(rebasing: payload[offset..<offset + step]))
            else { return false }
            offset += step
            taken += 1
        }
        return taken == records
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
