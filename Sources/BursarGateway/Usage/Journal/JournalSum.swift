// Frames on their way to the store, as one delivery.
internal import BursarCore

/// Sums the counts of each key and minute, most of which are there in one second as in the next. Records are
/// compared as the bytes that they are; what they say is read the first time.
struct JournalSum {
    /// Counts as they stood in their first frame; before them nothing, since an index has no place 0.
    private var known = [UInt8](repeating: 0, count: JournalRecord.stride)
    private var index: JournalIndex
    /// What each of those says, with the number of all frames.
    private var counts: [UsageCount] = []
    private var events: [RefreshEvent] = []
    private var frames: Int64 = 0
    private var last: Int64 = 0

    /// - Parameter room: how many counts there can be.
    init(room: Int) { index = JournalIndex(records: room) }

    /// What the store has to do for it.
    var rows: Int { counts.count + events.count }

    /// Nil when it is of no frame.
    func batch(of journal: JournalID, after position: Int64) -> UsageBatch? {
        guard frames > 0 else { return nil }
        return UsageBatch(
            journal: journal, after: position, last: last, frames: frames, counts: counts, events: events)
    }

    /// Adds what a frame holds. False when that has a record that this program cannot read; then it may have
    /// been added in part, and the sum is void.
    mutating func add(_ frame: JournalFrame) -> Bool {
        frames += 1
        last = frame.label.sequence
        return frame.forEachRecord { record in
            if JournalRecord.isCount(record) { return add(count: record) }
            guard case .event(let event)? = JournalRecord(record) else { return false }
            events.append(event)
            return true
        }
    }

    private mutating func add(count record: UnsafeRawBufferPointer) -> Bool {
        let spread = JournalRecord.spread(ofCount: record)
        if let offset = known.withUnsafeMutableBytes({ index.offset(ofSame: record, spread, in: $0) }) {
            let place = (offset - JournalRecord.stride) / JournalRecord.countSize
            counts[place].count += JournalRecord.number(ofCount: record)
            return true
        }
        guard case .count(let count)? = JournalRecord(record) else { return false }
        index.add(known.count, spread)
        known.append(contentsOf: record)
        counts.append(count)
        return true
    }
}
