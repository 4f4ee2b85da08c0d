// Frames on their way to the store, and back again when a fail-over has lost them.
internal import BursarCore
internal import Synchronization

extension UsageJournal {
    /// Journals that the store may lack something of, the oldest first.
    var undelivered: [JournalID] { spool.withLock { $0.journals } }

    /// Nil until the store was asked.
    func position(of journal: JournalID) -> Int64? { spool.withLock { $0.position(of: journal) } }

    /// Changes when the store turns out to be another one: what the former has answered is void.
    var epoch: Int { spool.withLock { $0.epoch } }

    /// The store says where it stands, asked or answering a delivery of the epoch given.
    /// - Returns: what that means for frames that it had acknowledged; nil when the answer is void.
    func stands(
        _ journal: JournalID, at position: Int64, now: Instant, since epoch: Int
    ) -> JournalSpool.Setback? {
        spool.withLock { $0.epoch == epoch ? $0.stands(journal, at: position, now: now) : nil }
    }

    /// Positions may have changed without our knowing: the store is asked anew.
    func forgetPositions() { spool.withLock { $0.forgetPositions() } }

    /// The store is another one, which may lack what the former acknowledged.
    func doubt() { spool.withLock { $0.doubt() } }

    /// Frames of one delivery.
    private static let framesAtOnce = 64
    /// Rows of one delivery, unless a single frame has more: a transaction that stays short.
    private static let rowsAtOnce = 5_000

    /// What `nextBatch` found.
    struct Next {
        /// Nil when there is none.
        var batch: UsageBatch?
        /// Frames that turned out to be damaged.
        var damage: [JournalDamage] = []
        /// Why it stopped before a frame. What comes behind that one waits, since the store takes frames in
        /// order and passes over what is missing.
        var obstacle: JournalError?
    }

    /// The next batch behind the position.
    func nextBatch(of journal: JournalID) -> Next {
        let (position, locations) = spool.withLock { spool in
            let position = spool.position(of: journal) ?? 0
            return (position, spool.next(of: journal, after: position, limit: Self.framesAtOnce))
        }
        var next = Next()
        var frames: [JournalFrame] = []
        var rows = 0
        for location in locations {
            let found: JournalFrame?
            do throws(JournalError) {
                found = try read(location, of: journal)
            } catch {
                next.obstacle = error
                break
            }
            guard let frame = found else {
                spool.withLock { $0.forget(location, of: journal) }
                next.damage.append(
                    JournalDamage(file: location.segment, offset: location.offset, bytes: location.size))
                continue
            }
            rows += frame.counts.count + frame.events.count
            if !frames.isEmpty, rows > Self.rowsAtOnce { break }
            frames.append(frame)
        }
        guard let last = frames.last else { return next }
        next.batch = UsageBatch(
            journal: journal, after: position, last: last.label.sequence, frames: Int64(frames.count),
            counts: Self.sums(of: frames), events: frames.flatMap(\.events))
        return next
    }

    /// One count for each key and minute.
    private static func sums(of frames: [JournalFrame]) -> [UsageCount] {
        var sums: [UsageCount: Int64] = [:]
        sums.reserveCapacity(frames.map(\.counts.count).max() ?? 0)
        for count in frames.lazy.flatMap(\.counts) {
            sums[UsageCount(key: count.key, minute: count.minute, count: 1), default: 0] += count.count
        }
        return sums.map { UsageCount(key: $0.key.key, minute: $0.key.minute, count: $0.value) }
    }

    /// Nil when it is damaged.
    private func read(
        _ location: JournalSpool.Location, of journal: JournalID
    ) throws(JournalError) -> JournalFrame? {
        let bytes = try files.read(location.segment, at: location.offset, count: location.size)
        guard let bytes else { return nil }
        let read = bytes.withUnsafeBytes { JournalFrame.read($0) }
        guard let read, read.frame.label.sequence == location.sequence, read.frame.label.journal == journal
        else {
            return nil
        }
        return read.frame
    }

    /// Removes what was delivered long enough ago, and is known to be there still.
    func clean(now: Instant) {
        // All frames are gone through, and there may be those of days.
        guard spool.withLock({ $0.isCleaningDue(each: limits.kept * (1.0 / 60), now: now) }) else { return }
        let limit = now - limits.kept
        sealing.withLock { sealing in
            // The present segment is closed when all that it holds is old enough to go.
            guard let segment = sealing.segment, segment.bytes > 0,
                spool.withLock({ $0.isOld(segment.name, before: limit) })
            else { return }
            close(&sealing)
        }
        remove(spool.withLock { $0.takeOutdated(before: limit, kept: limits.kept) })
    }
}
