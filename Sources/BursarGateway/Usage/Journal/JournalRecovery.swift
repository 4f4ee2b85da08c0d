// What earlier processes left in the directory.
internal import BursarCore

/// Reads every segment and every pages file of a dead process. Whatever it finds in them, it goes on: damage
/// is stated, and what is intact is kept. Only what cannot be read at all ends the start, since what comes
/// behind it must not be delivered before it.
struct JournalRecovery {
    let files: JournalFiles
    let directory: UUIDValue
    let now: Instant
    private(set) var spool = JournalSpool()
    private(set) var damage: [JournalDamage] = []
    /// Frames that were made of pages, by how many counts they hold.
    private(set) var recoveredCounts: Int64 = 0

    init(files: JournalFiles, directory: UUIDValue, now: Instant) {
        self.files = files
        self.directory = directory
        self.now = now
    }

    mutating func run() throws(JournalError) {
        let names = files.names()
        for name in names where JournalFiles.isSegment(name) { try readSegment(name) }
        findGaps()
        for name in names {
            if let boot = JournalFiles.boot(ofPages: name) { try readPages(name, boot) }
        }
    }

    // MARK: Segments

    private mutating func readSegment(_ name: String) throws(JournalError) {
        guard let bytes = try files.read(name) else { return }
        var torn: [(offset: Int, bytes: Int)] = []
        var found: [(JournalFrame.Label, Int, Int)] = []
        bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
                if let frame = JournalFrame(rest) {
                    found.append((frame.label, offset, frame.size))
                    offset += frame.size
                } else {
                    let next = Self.nextMagic(rest)
                    torn.append((offset, next))
                    offset += next
                }
            }
        }
        if found.isEmpty, torn.isEmpty { torn.append((0, 0)) }
        for (label, offset, size) in found { spool.add(label, segment: name, offset: offset, size: size) }
        damage += torn.map { JournalDamage(file: name, offset: $0.offset, bytes: $0.bytes) }
        spool.grow(name, to: bytes.count, isClosed: true)
    }

    /// Frames are numbered without gaps, and leave from the oldest on: what is missing between two was lost.
    private mutating func findGaps() {
        for locations in spool.frames.values {
            for (former, next) in zip(locations, locations.dropFirst())
            where next.sequence > former.sequence + 1 {
                damage.append(
                    JournalDamage(
                        file: next.segment, offset: next.offset, bytes: 0,
                        missingFrames: next.sequence - former.sequence - 1))
            }
        }
    }

    /// How far it is to what looks like the next frame, or to the end.
    private static func nextMagic(_ bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 1
        while offset + JournalFrame.magic.count <= bytes.count {
            if bytes[offset] == JournalFrame.magic[0],
                bytes[offset..<offset + JournalFrame.magic.count].elementsEqual(JournalFrame.magic)
            {
                return offset
            }
            offset += 1
        }
        return bytes.count
    }

    // MARK: Pages

    /// Makes frames of what was not sealed, and removes the file once they are on the disk.
    private mutating func readPages(_ name: String, _ boot: ReplicaID) throws(JournalError) {
        guard let bytes = try files.read(name) else { return }
        let journal = spool.journal(ofBoot: boot) ?? JournalID(directory: directory, boot: boot)
        var frames: [Int64: JournalFrameWriter] = [:]
        var lowest: Int64?
        guard let head = JournalPagesHead(bytes) else {
            damage.append(
                JournalDamage(file: name, offset: 0, bytes: min(bytes.count, JournalPagesHead.size)))
            return files.remove(name)
        }
        bytes.withUnsafeBytes { bytes in
            for place in head.places where place.offset + head.pageBytes <= bytes.count {
                let page = UnsafeRawBufferPointer(
                    rebasing: bytes[place.offset..<place.offset + head.pageBytes])
                guard let sequence = readPage(page, place, journal, name, &frames) else { continue }
                lowest = min(lowest ?? sequence, sequence)
            }
        }
        if bytes.count < head.fileBytes {
            damage.append(JournalDamage(file: name, offset: bytes.count, bytes: head.fileBytes - bytes.count))
        }
        if let lowest, let last = spool.frames[journal]?.last, lowest > last.sequence + 1 {
            damage.append(
                JournalDamage(
                    file: last.segment, offset: last.offset + last.size, bytes: 0,
                    missingFrames: lowest - last.sequence - 1))
        }
        for (sequence, frame) in frames.sorted(by: { $0.key < $1.key })
        where !spool.holds(sequence, of: journal) {
            try seal(frame, journal, sequence)
        }
        files.remove(name)
        files.sync()
    }

    /// Answers the page's sequence, unless that is in a frame.
    private mutating func readPage(
        _ page: UnsafeRawBufferPointer, _ place: JournalPagesHead.Place, _ journal: JournalID, _ name: String,
        _ frames: inout [Int64: JournalFrameWriter]
    ) -> Int64? {
        let sequence = Int64(littleEndian: page.loadUnaligned(as: Int64.self))
        let check = UInt64(littleEndian: page.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        guard sequence > 0, check == JournalPage.check(of: sequence) else {
            if !page.allSatisfy({ $0 == 0 }) {
                damage.append(JournalDamage(file: name, offset: place.offset, bytes: page.count))
            }
            return nil
        }
        let salt = JournalPage.salt(sequence: sequence, boot: journal.boot, lane: place.lane)
        // A page that was sealed may have been in the middle of being zeroed: its frame is what counts.
        guard !spool.holds(sequence, of: journal) else { return nil }
        let lost = JournalPage.read(page, salt: salt) { record in
            // One that only a later program can read would make the whole frame unreadable.
            guard JournalRecord(record) != nil else { return false }
            frames[sequence, default: JournalFrameWriter()].append(record)
            return true
        }
        damage += lost.map {
            JournalDamage(file: name, offset: place.offset + $0.offset, bytes: $0.bytes)
        }
        return sequence
    }

    private mutating func seal(
        _ frame: JournalFrameWriter, _ journal: JournalID, _ sequence: Int64
    ) throws(JournalError) {
        let label = JournalFrame.Label(journal: journal, sequence: sequence, sealedAt: now)
        // A name of its own: a segment that was damaged may have had the first frame of this number.
        var name = JournalFiles.segment(journal.boot, first: sequence)
        while files.names().contains(name) { name = name.replacing(".frames", with: "r.frames") }
        let bytes = frame.finished(as: label)
        guard let file = AppendedFile(path: files.path(name)), file.append(bytes) else {
            let reason = JournalFiles.reason()
            files.remove(name)
            throw JournalError(
                "cannot keep what an earlier gateway counted: \(reason) in \(files.directory); make room and "
                    + "start again, nothing is lost")
        }
        spool.add(label, segment: name, offset: 0, size: bytes.count)
        spool.grow(name, to: bytes.count, isClosed: true)
        recoveredCounts += frame.counted
    }
}

/// The head of a pages file, which says how the rest is laid out.
struct JournalPagesHead {
    static let size = 4_096
    private static let magic = Array("BRSRPGS2".utf8)

    struct Place {
        let lane: Int
        let offset: Int
    }

    let lanes: Int
    let pageBytes: Int

    init(lanes: Int, pageBytes: Int) {
        self.lanes = lanes
        self.pageBytes = pageBytes
    }

    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.size, bytes[..<8].elementsEqual(Self.magic) else { return nil }
        let (lanes, size) = bytes.withUnsafeBytes { bytes in
            (
                Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self))),
                Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: Int64.self)))
            )
        }
        guard (1...16).contains(lanes), (1 << 14...1 << 26).contains(size) else { return nil }
        self.init(lanes: lanes, pageBytes: size)
    }

    var fileBytes: Int { Self.size + lanes * 2 * pageBytes }

    var places: [Place] {
        (0..<lanes * 2).map { Place(lane: $0 / 2, offset: Self.size + $0 * pageBytes) }
    }

    func write(to bytes: UnsafeMutableRawBufferPointer) {
        bytes.storeBytes(of: Int64(lanes).littleEndian, toByteOffset: 8, as: Int64.self)
        bytes.storeBytes(of: Int64(pageBytes).littleEndian, toByteOffset: 16, as: Int64.self)
        bytes.copyBytes(from: Self.magic)
    }
}
