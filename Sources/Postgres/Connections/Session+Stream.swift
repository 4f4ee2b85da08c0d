// Long statements in steps: rows and COPY, read no faster than their consumer.
import CLibPQ

extension Session {
    /// A step hands over at least a row and stops beyond this, so that a hop between threads pays.
    static let stepBytes = 1 << 20
    /// What the server may still do after the last row of a COPY: foreign keys and AFTER triggers.
    private static let copyEndTimeout = Duration.seconds(60)

    var stepDeadline: Deadline { Deadline(after: queryTimeout) }

    /// Sends a statement whose rows `nextRows` will fetch. Answers what `endStream` wants to know.
    func beginRows(_ query: PostgresQuery) throws(PostgresError) -> Bool {
        let isInTransaction = try allow(nil)
        try sending(wasInTransaction: isInTransaction) { () throws(PostgresError) in
            try send(query, until: stepDeadline)
        }
        rows = RowBuilder()
        isStreaming = true
        return isInTransaction
    }

    /// Up to `count` rows, fewer when they are large, and whether they are the last.
    func nextRows(
        _ count: Int, wasInTransaction: Bool
    ) throws(PostgresError) -> (rows: [PostgresRow], isLast: Bool) {
        guard isStreaming, !isBroken else { throw .closed }
        while rows.count < max(1, count), rows.size < Self.stepBytes {
            guard let result = try nextResult(until: stepDeadline) else {
                endStream(wasInTransaction: wasInTransaction)
                return (rows.take().rows, true)
            }
            switch result.status {
            case PGRES_SINGLE_TUPLE: rows.add(result)
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: break
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw drop(.protocolError("a COPY where rows were asked for"))
            default: throw try fail(error(of: result), wasInTransaction: wasInTransaction)
            }
        }
        return (rows.take().rows, false)
    }

    /// Starts a COPY in the direction the caller expects. Answers what `endStream` wants to know.
    func beginCopy(_ sql: String, expecting: ExecStatusType) throws(PostgresError) -> Bool {
        let isInTransaction = try allow(nil)
        try sending(wasInTransaction: isInTransaction) { () throws(PostgresError) in
            try send(PostgresQuery(unsafeSQL: sql), until: stepDeadline)
        }
        isStreaming = true
        guard let result = try nextResult(until: stepDeadline) else { throw lost() }
        if result.status == expecting { return isInTransaction }
        guard result.status == PGRES_FATAL_ERROR else {
            throw drop(.protocolError("no COPY in the direction asked for"))
        }
        throw try fail(error(of: result), wasInTransaction: isInTransaction)
    }

    /// Some rows of a COPY … TO STDOUT; with the last ones the count of all.
    func nextCopied(wasInTransaction: Bool) throws(PostgresError) -> (rows: [[UInt8]], total: Int?) {
        guard isStreaming, !isBroken else { throw .closed }
        var copied: [[UInt8]] = []
        var size = 0
        while size < Self.stepBytes {
            var buffer: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(connection, &buffer, 1)
            if let buffer, length > 0 {
                copied.append(Array(UnsafeRawBufferPointer(start: buffer, count: Int(length))))
                PQfreemem(buffer)
                size += Int(length)
            } else if length == -1 {
                return (copied, try endCopy(until: stepDeadline, wasInTransaction: wasInTransaction))
            } else if length == 0 {
                if !copied.isEmpty { break }
                try receive(until: stepDeadline)
                // Outside a busy statement libpq reports a lost line by its status alone.
                guard PQstatus(connection) == CONNECTION_OK else { throw lost() }
            } else {
                throw lost()
            }
        }
        return (copied, nil)
    }

    /// Sends bytes of a COPY … FROM STDIN, in pieces, so that libpq's buffer stays small.
    func putCopy(_ bytes: [UInt8]) throws(PostgresError) {
        guard isStreaming, !isBroken else { throw .closed }
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(1 << 16)
            let deadline = stepDeadline
            try put(until: deadline) {
                piece.withUnsafeBytes {
                    PQputCopyData(
                        connection, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count))
                }
            }
            try flush(until: deadline)
            rest = rest.dropFirst(piece.count)
        }
    }

    /// Ends a COPY … FROM STDIN, well or with a reason that makes the server undo it. Answers its rows.
    func endPut(failing reason: String?, wasInTransaction: Bool) throws(PostgresError) -> Int {
        guard isStreaming, !isBroken else { throw .closed }
        let deadline = Deadline(after: max(queryTimeout, Self.copyEndTimeout))
        try put(until: deadline) { PQputCopyEnd(connection, reason) }
        try flush(until: deadline)
        return try endCopy(until: deadline, wasInTransaction: wasInTransaction)
    }

    /// Nobody reads on. Without PQcancel only the end of the connection ends a stream that has more to come.
    func abandonStream() {
        if isStreaming { _ = drop(.closed) }
    }

    private func put(until deadline: Deadline, _ send: () -> Int32) throws(PostgresError) {
        while true {
            switch send() {
            case 1: return
            case 0: try flush(until: deadline)
            default: throw lost()
            }
        }
    }

    private func endCopy(until deadline: Deadline, wasInTransaction: Bool) throws(PostgresError) -> Int {
        var total = 0
        var failure: PostgresError?
        while let result = try nextResult(until: deadline) {
            if result.status == PGRES_COMMAND_OK {
                total = result.affectedRows
            } else {
                failure = failure ?? error(of: result)
            }
        }
        endStream(wasInTransaction: wasInTransaction)
        if let failure { throw failure }
        return total
    }

    private func endStream(wasInTransaction: Bool) {
        isStreaming = false
        restoreTimeout(wasInTransaction: wasInTransaction)
    }

    /// Reads a failed statement to its end, so that the connection stays usable, and hands the failure back.
    private func fail(
        _ failure: PostgresError, wasInTransaction: Bool
    ) throws(PostgresError) -> PostgresError {
        while try nextResult(until: stepDeadline) != nil {}
        endStream(wasInTransaction: wasInTransaction)
        return failure
    }

    private func sending(wasInTransaction: Bool, _ body: () throws(PostgresError) -> Void)
        throws(PostgresError)
    {
        do throws(PostgresError) {
            try body()
        } catch {
            restoreTimeout(wasInTransaction: wasInTransaction)
            throw error
        }
    }
}
