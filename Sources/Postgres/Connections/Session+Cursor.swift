// Many rows in few results: a cursor that is asked for the next while its last ones are looked at.
import CLibPQ

extension Session {
    private static let cursor = "batches"

    /// Declares a cursor and asks for its first rows, which `nextBatch` will take.
    func beginBatches(_ query: PostgresQuery, of size: Int) throws(PostgresError) {
        guard isInTransaction else { throw .protocolError("a cursor needs a transaction") }
        let declaration: PostgresQuery = "DECLARE \(unescaped: Self.cursor) NO SCROLL CURSOR FOR \(query)"
        _ = try run(declaration, until: stepDeadline)
        try fetch(size)
        isStreaming = true
    }

    /// The rows that were asked for, and whether they are the last.
    func nextBatch(of size: Int) throws(PostgresError) -> (rows: [PostgresRow], isLast: Bool) {
        guard isStreaming, !isBroken else { throw .closed }
        let deadline = stepDeadline
        guard let result = try nextResult(until: deadline) else { throw lost() }
        while try nextResult(until: deadline) != nil {}
        guard !isBroken else { throw .closed }
        isStreaming = false
        guard result.status == PGRES_TUPLES_OK else { throw error(of: result) }
        let isLast = result.rowCount < size
        if isLast {
            _ = try run("CLOSE \(unescaped: Self.cursor)", until: deadline)
        } else {
            try fetch(size)
            isStreaming = true
        }
        var rows = RowBuilder()
        rows.add(result)
        guard rows.size <= Self.replyLimit else {
            throw drop(.resultTooLarge(limitBytes: Self.replyLimit))
        }
        return (rows.take().rows, isLast)
    }

    private func fetch(_ size: Int) throws(PostgresError) {
        let query: PostgresQuery = "FETCH \(unescaped: String(size)) FROM \(unescaped: Self.cursor)"
        try send(query, byRow: false, until: stepDeadline)
    }
}
