// Counts that survive the process: pages in mapped memory, sealed into frames each second.
package import BursarCore
internal import Synchronization

/// What a replica has counted and not delivered yet, in files of its state directory, which one process uses
/// at a time:
///
/// - `journal-id`: the directory's own id.
/// - `usage-<boot>.pages`: a head of 4,096 bytes, then two pages for each lane (`JournalPage`). Mapped into
///   memory and reserved on the disk: the kernel keeps it when the process ends, by `kill -9` too.
/// - `usage-<boot>-<sequence>.frames`: sealed frames one behind the other (`JournalFrame`).
///
/// `count` and `record` are called on event loops: no system call, no wait but for a few stores of another
/// thread in the same lane. `seal` and the reading of frames touch the disk and belong elsewhere.
package final class UsageJournal: Sendable {
    /// Held while the disk is written, by whoever seals alone.
    struct Sealing {
        /// The sequence that is counted in now.
        var sequence: Int64 = 1
        /// Whether the pages before that are not in a frame yet, because the disk refused.
        var owes = false
        var segment: (name: String, file: AppendedFile, bytes: Int)?
    }

    /// What the start found in the directory.
    package struct Recovery: Sendable {
        package let damage: [JournalDamage]
        /// Frames that earlier processes have left, delivered or not.
        package let frames: Int
        /// Counts that were not sealed when their process ended.
        package let recoveredCounts: Int64
    }

    package let id: JournalID
    package let recovery: Recovery
    let files: JournalFiles
    let limits: JournalLimits
    private let pages: MappedFile
    private let lanes: [JournalLane]
    let sealing = Mutex(Sealing())
    /// Held for a moment, never while the disk is touched.
    let spool: Mutex<JournalSpool>
    private let unattributed = Atomic<Int64>(0)
    private let isHalfFull = Atomic<Bool>(false)

    /// Opens the journal of a directory that nobody else uses, and takes over what is in it.
    /// - Parameter made: the directory's id, if it has none yet.
    package init(
        directory: String, boot: ReplicaID, limits: JournalLimits, made: UUIDValue, now: Instant
    ) throws(JournalError) {
        files = JournalFiles(directory: directory)
        self.limits = limits
        let identity = try files.identity(orElse: made)
        id = JournalID(directory: identity, boot: boot)
        var recovery = JournalRecovery(files: files, directory: identity, now: now)
        try recovery.run()
        self.recovery = Recovery(
            damage: recovery.damage, frames: recovery.spool.frames.values.reduce(0) { $0 + $1.count },
            recoveredCounts: recovery.recoveredCounts)
        let head = JournalPagesHead(lanes: limits.lanes, pageBytes: limits.pageBytes)
        pages = try MappedFile(path: files.path(JournalFiles.pages(boot)), size: head.fileBytes)
        head.write(to: pages.bytes)
        lanes = stride(from: 0, to: head.places.count, by: 2).map { [pages] index in
            let two = head.places[index...index + 1].map { place in
                UnsafeMutableRawBufferPointer(
                    rebasing: pages.bytes[place.offset..<place.offset + head.pageBytes])
            }
            return JournalLane(two[0], two[1], boot: boot, number: index / 2)
        }
        spool = Mutex(recovery.spool)
        files.sync()
    }

    // MARK: Counting

    /// Counts one. When this returns, the count outlives the process.
    package func count(_ key: UsageKey, minute: Int64) {
        switch lane.count(key, minute: minute) {
        case .exactly: break
        case .halfFull: isHalfFull.store(true, ordering: .relaxed)
        case .unattributed:
            isHalfFull.store(true, ordering: .relaxed)
            unattributed.add(1, ordering: .relaxed)
        }
    }

    /// Keeps an event; false when there is no room.
    func record(_ event: RefreshEvent) -> Bool { lane.append(event) }

    private var lane: JournalLane { lanes[ThreadNumber.current % lanes.count] }

    /// Counts that lost their attribution because a page was full, since the last call.
    func takeUnattributed() -> Int64 { unattributed.exchange(0, ordering: .relaxed) }

    /// Whether a page should be sealed before its second is over.
    var isFilling: Bool { isHalfFull.load(ordering: .relaxed) }

    // MARK: Sealing

    package enum Sealed: Hashable, Sendable {
        case nothing
        case frame
        /// The disk is full, or the journal has reached its limit: counts stay in the pages.
        case refused
    }

    /// Makes a frame of what was counted, and puts it on the disk.
    package func seal(now: Instant) -> Sealed {
        sealing.withLock { sealing in
            isHalfFull.store(false, ordering: .relaxed)
            if !sealing.owes {
                guard lanes.contains(where: { !$0.isEmpty }) else { return .nothing }
                for lane in lanes { lane.swap(to: sealing.sequence + 1) }
                sealing.sequence += 1
                sealing.owes = true
            }
            var frame = JournalFrameWriter(capacity: lanes.reduce(0) { $0 + $1.retiredBytes })
            for lane in lanes { lane.writeRetired(to: &frame) }
            if !frame.isEmpty {
                let label = JournalFrame.Label(journal: id, sequence: sealing.sequence - 1, sealedAt: now)
                guard append(frame.finished(as: label), label, &sealing) else { return .refused }
            }
            for lane in lanes { lane.clearRetired() }
            sealing.owes = false
            return .frame
        }
    }

    private func append(_ bytes: [UInt8], _ label: JournalFrame.Label, _ sealing: inout Sealing) -> Bool {
        guard makeRoom(for: bytes.count, &sealing) else { return false }
        if let segment = sealing.segment, segment.bytes + bytes.count > limits.segmentBytes {
            close(&sealing)
        }
        if sealing.segment == nil {
            let name = JournalFiles.segment(id.boot, first: label.sequence)
            guard let file = AppendedFile(path: files.path(name)) else {
                dropDelivered(freeing: bytes.count)
                return false
            }
            files.sync()
            sealing.segment = (name, file, 0)
        }
        guard let segment = sealing.segment else { return false }
        guard segment.file.append(bytes) else {
            // Nobody knows what the disk holds of it now: the next frame goes into another file.
            close(&sealing)
            if segment.bytes == 0 { files.remove(segment.name) }
            dropDelivered(freeing: bytes.count)
            return false
        }
        let size = segment.bytes + bytes.count
        sealing.segment?.bytes = size
        spool.withLock { spool in
            spool.add(label, segment: segment.name, offset: segment.bytes, size: bytes.count)
            spool.grow(segment.name, to: size, isClosed: false)
        }
        return true
    }

    func close(_ sealing: inout Sealing) {
        if let segment = sealing.segment { spool.withLock { $0.close(segment.name) } }
        sealing.segment = nil
    }

    private func makeRoom(for count: Int, _ sealing: inout Sealing) -> Bool {
        let excess = { self.spool.withLock { $0.bytes } + count - self.limits.spoolBytes }
        if excess() <= 0 { return true }
        close(&sealing)
        dropDelivered(freeing: excess())
        return excess() <= 0
    }

    /// What was delivered is kept for a fail-over; a full journal, or a full disk, is worse. The oldest goes
    /// first, and what waits for its delivery never.
    private func dropDelivered(freeing count: Int) {
        remove(spool.withLock { $0.takeOldestDelivered(bytes: count) })
    }

    func remove(_ names: [String]) {
        for name in names { files.remove(name) }
    }

    /// What metrics show: bytes of frames, frames to deliver, and since when the oldest of them waits.
    var holdings: (bytes: Int, pending: Int, oldest: Instant?) {
        spool.withLock { ($0.bytes, $0.pending, $0.oldestPending) }
    }
}
