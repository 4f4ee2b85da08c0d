// Frames on their way to the store, and back again when a fail-over has lost them.
internal import BursarCore
internal import Synchronization

extension UsageJournal {
    /// Journals that the store may lack something of, the oldest first.
    var undelivered: [JournalID] { spool.withLock { $0.journals } }

    /// Nil until the store was asked.
    func position(of journal: JournalID) -> Int64? { spool.withLock { $0.position(of: journal) } }

    /// The newest frame that is sealed; 0 where there is none.
    func end(of journal: JournalID) -> Int64 { spool.withLock { $0.frames[journal]?.last?.sequence ?? 0 } }

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
    /// Rows after which a delivery takes no further frame: a transaction that stays short.
    private static let rowsAtOnce = 20_000

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
        var next = Next()
        // A frame that cannot be read is known as such from then on, and left out the next time.
        while !gather(&next, of: journal) {}
        return next
    }

    /// Whether every frame could be read.
    private func gather(_ next: inout Next, of journal: JournalID) -> Bool {
        let (position, locations) = spool.withLock { spool in
            let position = spool.position(of: journal) ?? 0
            return (position, spool.next(of: journal, after: position, limit: Self.framesAtOnce))
        }
        let bytes = (all: locations.reduce(0) { $0 + $1.size }, most: locations.map(\.size).max() ?? 0)
        let room = min(bytes.all, Self.rowsAtOnce * JournalRecord.countSize + bytes.most)
        var sum = JournalSum(room: room / JournalRecord.countSize)
        for location in locations {
            guard sum.rows < Self.rowsAtOnce else { break }
            do throws(JournalError) {
                if try add(location, of: journal, to: &sum) { continue }
            } catch {
                next.obstacle = error
                break
            }
            spool.withLock { $0.forget(location, of: journal) }
            next.damage.append(
                JournalDamage(file: location.segment, offset: location.offset, bytes: location.size))
            return false
        }
        next.batch = sum.batch(of: journal, after: position)
        return true
    }

    /// False when the frame is damaged.
    private func add(
        _ location: JournalSpool.Location, of journal: JournalID, to sum: inout JournalSum
    ) throws(JournalError) -> Bool {
        let bytes = try files.read(location.segment, at: location.offset, count: location.size)
        return bytes?.withUnsafeBytes { bytes in
            guard let frame = JournalFrame(bytes), frame.label.sequence == location.sequence,
                frame.label.journal == journal
            else { return false }
            return sum.add(frame)
        } ?? false
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
