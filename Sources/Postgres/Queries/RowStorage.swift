// Where an answer's bytes lie: one buffer for all rows, copied out of libpq and never changed again.

/// The rows of one answer, or of one batch of it.
final class RowStorage: Sendable {
    struct Column: Sendable {
        let name: String
        let type: PostgresType
    }

    let columns: [Column]
    let count: Int
    private let bytes: [UInt8]
    /// Where each cell ends, row by row; a NULL's end is -1 minus its place, so that it starts nothing anew.
    private let ends: [Int]

    init(_ builder: RowBuilder) {
        columns = builder.columns
        count = builder.count
        bytes = builder.bytes
        ends = builder.ends
    }

    var rows: [PostgresRow] { (0..<count).map { PostgresRow(storage: self, index: $0) } }

    /// A cell's bytes; nil is NULL.
    func bytes(_ row: Int, _ column: Int) -> ArraySlice<UInt8>? {
        let cell = row * columns.count + column
        guard ends[cell] >= 0 else { return nil }
        let start = cell == 0 ? 0 : ends[cell - 1]
        return bytes[(start < 0 ? -1 - start : start)..<ends[cell]]
    }
}

/// Gathers rows while they arrive. Lives on the connection's thread.
struct RowBuilder {
    fileprivate(set) var columns: [RowStorage.Column] = []
    fileprivate(set) var count = 0
    fileprivate(set) var bytes: [UInt8] = []
    fileprivate(set) var ends: [Int] = []

    /// What the rows take in memory, their bookkeeping included.
    var size: Int { bytes.count + ends.count * MemoryLayout<Int>.size }

    /// Adds the rows of one libpq result; in single-row mode that is one, and none in the last.
    mutating func add(_ result: borrowing LibPQResult) {
        if columns.isEmpty { columns = result.columns }
        for row in 0..<result.rowCount {
            for column in columns.indices {
                if let cell = result.cell(row, column) {
                    bytes.append(contentsOf: cell)
                    ends.append(bytes.count)
                } else {
                    ends.append(-1 - bytes.count)
                }
            }
            count += 1
        }
    }

    /// Hands over what was gathered and begins anew with the same columns.
    mutating func take() -> RowStorage {
        let storage = RowStorage(self)
        let columns = columns
        self = RowBuilder()
        self.columns = columns
        return storage
    }
}
