// Where the counts of a page stand.
internal import BursarCore

/// Finds a page's record by what it counts. That stands in the record itself: a table with a second copy of
/// ten thousand keys would take more of the processor's cache than the records do.
struct JournalIndex {
    /// Open addressing, and at most half full. The number of the stride that a record begins at; none begins
    /// at 0, where the page has its head.
    private var places: [UInt32]

    /// - Parameter records: how many there can be.
    init(records: Int) {
        let count = 1 << (Int.bitWidth - (2 * max(records, 1) - 1).leadingZeroBitCount)
        places = Array(repeating: 0, count: count)
    }

    mutating func removeAll() {
        places.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    }

    /// The record of `page` that counts the same as `record` does.
    func offset(
        ofSame record: UnsafeRawBufferPointer, _ spread: UInt64, in page: UnsafeMutableRawBufferPointer
    ) -> Int? {
        var place = home(spread)
        while places[place] != 0 {
            let offset = Int(places[place]) * JournalRecord.stride
            let other = UnsafeRawBufferPointer(rebasing: page[offset..<offset + JournalRecord.countSize])
            if JournalRecord.countsSame(record, other) { return offset }
            place = (place + 1) & (places.count - 1)
        }
        return nil
    }

    /// Of a record that is not there yet.
    mutating func add(_ offset: Int, _ spread: UInt64) {
        var place = home(spread)
        while places[place] != 0 { place = (place + 1) & (places.count - 1) }
        places[place] = UInt32(offset / JournalRecord.stride)
    }

    private func home(_ spread: UInt64) -> Int { Int(truncatingIfNeeded: spread) & (places.count - 1) }
}
