// Many rows in few results: a cursor that is asked for the next while its last ones are looked at.
import CLibPQ

extension Session {
    private static let cursor = "batches"
    /// Rows that are asked for before anybody knows how large they are.
    private static let firstBatch = 16
    /// What a batch may take in memory, where its rows are like those before.
    private static let batchBytes = 4 << 20

    /// Declares a cursor and asks for its first rows, which `nextBatch` will take.
    func beginBatches(_ query: PostgresQuery, of most: Int) throws(PostgresError) {
        guard isInTransaction else { throw .protocolError("a cursor needs a transaction") }
        let declaration: PostgresQuery = "DECLARE \(unescaped: Self.cursor) NO SCROLL CURSOR FOR \(query)"
        _ = try run(declaration, until: stepDeadline)
        try fetch(max(1, min(Self.firstBatch, most)))
    }

    /// The rows that were asked for, `most` or fewer where they are large, and whether they are the last.
    func nextBatch(of most: Int) throws(PostgresError) -> (rows: [PostgresRow], isLast: Bool) {
        guard isStreaming, !isBroken else { throw .closed }
        // What is read now is a statement's answer, which has an end.
        isStreaming = false
        while PQisBusy(connection) == 1 { try receive(until: stepDeadline) }
        guard let result = try nextResult(until: stepDeadline) else { throw lost() }
        while try nextResult(until: stepDeadline) != nil {}
        guard result.status == PGRES_TUPLES_OK else { throw error(of: result) }
        guard !isBroken else { throw .closed }
        let isLast = result.rowCount < fetching
        if isLast {
            _ = try run("CLOSE \(unescaped: Self.cursor)", until: stepDeadline)
        } else {
            // By fours: the next rows may be larger than the last.
            let fitting = Self.batchBytes / max(1, result.memory / result.rowCount)
            try fetch(max(1, min(most, fetching * 4, fitting)))
        }
        var rows = RowBuilder()
        rows.add(result)
        return (rows.take().rows, isLast)
    }

    private func fetch(_ count: Int) throws(PostgresError) {
        let query: PostgresQuery = "FETCH \(unescaped: String(count)) FROM \(unescaped: Self.cursor)"
        try send(query, byRow: false, until: stepDeadline)
        fetching = count
        isStreaming = true
    }
}
