// A frame in the making.
internal import BursarCore

/// Takes records as the bytes that they are in a page. They come from memory that was checked, so nothing is
/// gained by reading what they say.
struct JournalFrameWriter {
    /// Room for the head, and the records behind it.
    private var bytes: [UInt8] = []
    private var records: Int64 = 0
    /// The sum of the counts in it.
    private(set) var counted: Int64 = 0

    /// - Parameter capacity: the size of the records to come, in bytes.
    init(capacity: Int = 0) {
        bytes.reserveCapacity(JournalFrame.headSize + capacity)
        bytes.append(contentsOf: repeatElement(0, count: JournalFrame.headSize))
    }

    var isEmpty: Bool { records == 0 }

    /// Its checks are left out: they are a page's, and the frame has a digest of all.
    mutating func append(_ record: UnsafeRawBufferPointer) {
        let begin = bytes.count
        bytes.append(contentsOf: record)
        records += 1
        blank(at: begin)
        guard JournalRecord.isCount(record) else { return }
        blank(at: begin + JournalRecord.ownCheckOffset)
        counted += JournalRecord.number(ofCount: record)
    }

    private mutating func blank(at offset: Int) {
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: 0, toByteOffset: offset, as: UInt64.self) }
    }

    /// The whole frame, as it lies in a segment file (`JournalFrame`).
    consuming func finished(as label: JournalFrame.Label) -> [UInt8] {
        let (size, records) = (Int64(bytes.count - JournalFrame.headSize), records)
        bytes.withUnsafeMutableBytes { bytes in
            func put(_ number: Int64, at offset: Int) {
                bytes.storeBytes(of: number.littleEndian, toByteOffset: offset, as: Int64.self)
            }
            func put(_ uuid: UUIDValue, at offset: Int) {
                put(Int64(bitPattern: uuid.high), at: offset)
                put(Int64(bitPattern: uuid.low), at: offset + 8)
            }
            bytes.copyBytes(from: JournalFrame.magic)
            put(size, at: 8)
            put(label.journal.directory, at: 16)
            put(label.journal.boot.uuid, at: 32)
            put(label.sequence, at: 48)
            put(records, at: 56)
            put(label.sealedAt.microseconds, at: 64)
            let digest = JournalFrame.digest(UnsafeRawBufferPointer(bytes))
            UnsafeMutableRawBufferPointer(rebasing: bytes[JournalFrame.digestOffset...]).copyBytes(
                from: digest)
        }
        return bytes
    }
}
