// One statement from its parameters to the last of its results.
import CLibPQ

/// What a statement answered.
struct Reply: Sendable {
    var rows: RowStorage
    var affectedRows = 0
    var tag = ""
}

extension Session {
    /// An answer that is not streamed may take this much memory; beyond, the connection is dropped.
    static let replyLimit = 64 << 20

    /// Runs one statement to its end. A prepared one that the server takes no longer runs once more, prepared
    /// anew: nothing has come of it.
    func run(_ query: PostgresQuery, until deadline: Deadline) throws(PostgresError) -> Reply {
        let wasInTransaction = isInTransaction
        do throws(PostgresError) {
            return try runOnce(query, until: deadline)
        } catch {
            guard query.isPrepared, error.meansOutdatedStatement else { throw error }
            statements.forget(query.sql)
            guard !wasInTransaction, !isBroken else { throw error }
        }
        return try runOnce(query, until: deadline)
    }

    private func runOnce(_ query: PostgresQuery, until deadline: Deadline) throws(PostgresError) -> Reply {
        try send(query, until: deadline)
        var rows = RowBuilder()
        var affectedRows = 0
        var tag = ""
        var failure: PostgresError?
        while let result = try nextResult(until: deadline) {
            switch result.status {
            case PGRES_SINGLE_TUPLE:
                rows.add(result)
                guard rows.size <= Self.replyLimit else {
                    throw drop(.resultTooLarge(limitBytes: Self.replyLimit))
                }
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                rows.add(result)
                affectedRows = result.affectedRows
                tag = result.tag
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw drop(.protocolError("a COPY where rows were asked for"))
            default:
                failure = failure ?? error(of: result)
            }
        }
        if let failure { throw failure }
        guard !isBroken else { throw .closed }
        return Reply(rows: rows.take(), affectedRows: affectedRows, tag: tag)
    }

    /// Sends one statement. Its rows will come one by one, so that memory can be bounded, or else together.
    func send(_ query: PostgresQuery, byRow: Bool = true, until deadline: Deadline) throws(PostgresError) {
        try query.validate()
        try mayStart(until: deadline)
        let statement = query.isPrepared ? try prepare(query, until: deadline) : nil
        guard query.sendParameters(to: connection, of: statement) else { throw lost() }
        if byRow { PQsetSingleRowMode(connection) }
        try flush(until: deadline)
    }

    /// The name under which the server holds the statement; nil where it is sent with its text.
    private func prepare(_ query: PostgresQuery, until deadline: Deadline) throws(PostgresError) -> String? {
        // Another client's session would not have it.
        guard pooler == .none else { return nil }
        if statements.areWorn, !isInTransaction {
            try script("DEALLOCATE ALL", until: deadline)
            statements.renew()
        }
        if let known = statements.use(query.sql) { return known }
        guard let name = statements.newName() else { return nil }
        let types = query.parameters.map(\.type.oid)
        guard PQsendPrepare(connection, name, query.sql, Int32(types.count), types) == 1 else { throw lost() }
        try flush(until: deadline)
        var failure: PostgresError?
        while let result = try nextResult(until: deadline) {
            if result.status != PGRES_COMMAND_OK { failure = failure ?? error(of: result) }
        }
        if let failure { throw failure }
        guard !isBroken else { throw .closed }
        statements.add(query.sql, as: name)
        return name
    }

    /// Runs several statements in the simple protocol; the first failure is thrown, with its message.
    func script(_ sql: String, until deadline: Deadline) throws(PostgresError) {
        guard !sql.utf8.contains(0) else { throw .invalidParameter("the SQL holds a NUL byte") }
        try mayStart(until: deadline)
        guard PQsendQuery(connection, sql) == 1 else { throw lost() }
        try flush(until: deadline)
        var failure: PostgresError?
        while let result = try nextResult(until: deadline) {
            switch result.status {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: break
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw drop(.protocolError("a COPY in a script"))
            default: failure = failure ?? error(of: result, withMessage: true)
            }
        }
        if let failure { throw failure }
        guard !isBroken else { throw .closed }
    }

    private func mayStart(until deadline: Deadline) throws(PostgresError) {
        guard !isBroken else { throw .closed }
        guard !isStreaming else { throw .protocolError("a stream is open on this connection") }
        // It waited behind others for too long. Nothing was sent, so the connection stays.
        guard !deadline.hasPassed else { throw .timedOut(.statement) }
    }
}

extension PostgresQuery {
    /// Hands the statement, or the name of a prepared one, and its parameters to libpq, which copies them;
    /// false when the line is lost.
    fileprivate func sendParameters(to connection: OpaquePointer, of statement: String?) -> Bool {
        // One buffer for all values, one byte longer so that an empty value has an address too.
        let joined = parameters.reduce(into: [UInt8]()) { $0 += $1.bytes ?? [] } + [0]
        return joined.withUnsafeBytes { buffer in
            let characters = buffer.assumingMemoryBound(to: CChar.self)
            var offset = 0
            let values = parameters.map { parameter -> UnsafePointer<CChar>? in
                guard let bytes = parameter.bytes else { return nil }
                defer { offset += bytes.count }
                return characters.baseAddress.map { $0 + offset }
            }
            let lengths = parameters.map { Int32($0.bytes?.count ?? 0) }
            let formats = parameters.map { _ in Int32(1) }
            if let statement {
                return PQsendQueryPrepared(
                    connection, statement, Int32(parameters.count), values, lengths, formats, 1) == 1
            }
            return PQsendQueryParams(
                connection, sql, Int32(parameters.count), parameters.map(\.type.oid), values, lengths,
                formats, 1)
                == 1
        }
    }
}
