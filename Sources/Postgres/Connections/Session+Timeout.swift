// The server's own ends: to a statement, just before ours, and to a transaction that nobody goes on with.
import CLibPQ

extension Session {
    /// The server gives up a tenth, or half a second, before we do: a cancelled statement leaves the
    /// connection usable, a passed deadline of ours does not.
    static func statementTimeout(for timeout: Duration) -> String {
        // 0 would mean none at all.
        String(max(1, (timeout - min(timeout / 10, .milliseconds(500))).milliseconds))
    }

    /// A client that was stopped or cut off amidst a transaction would keep its locks as long as TCP lets it.
    /// Shorter than a lease: a slot that is being stored when its replica freezes is free in time. What waits
    /// for somebody between its statements has to raise it for its transaction.
    static let idleInTransaction = Duration.seconds(5)

    /// What every session, or behind a pooler every transaction, is told.
    var settings: [(name: String, value: String)] {
        // Compiling a statement costs some 300 ms, and the planner takes to it whenever it guesses a table's
        // size too high, as it does of one that was never analysed.
        var settings: [(name: String, value: String)] = [
            ("statement_timeout", Self.statementTimeout(for: queryTimeout)),
            ("idle_in_transaction_session_timeout", String(Self.idleInTransaction.milliseconds)),
            ("jit", "off"),
        ]
        // A statement whose client is gone ends within a second (PostgreSQL 14 and later).
        if PQserverVersion(connection) >= 140_000 {
            settings.append(("client_connection_check_interval", "1s"))
        }
        return settings
    }

    /// Begins a transaction. Behind a pooler it takes its settings along and leaves none behind: by SET,
    /// since a query would fix the isolation level.
    func begin() throws(PostgresError) {
        let deadline = Deadline(after: queryTimeout)
        guard pooler == .transaction else {
            _ = try run("BEGIN", until: deadline)
            return
        }
        let local = settings.map { "SET LOCAL \($0.name) = '\($0.value)'" }
        try script((["BEGIN"] + local).joined(separator: "; "), until: deadline)
    }

    /// Runs something that may take longer than the session allows: sets statement_timeout before and
    /// back after. nil is no limit, for streams, whose every step has a deadline of its own.
    func allowing<R>(
        _ timeout: Duration?, _ body: () throws(PostgresError) -> R
    ) throws(PostgresError) -> R {
        if let timeout, timeout <= queryTimeout { return try body() }
        let isInTransaction = try allow(timeout)
        let value: R
        do throws(PostgresError) {
            value = try body()
        } catch {
            restoreTimeout(wasInTransaction: isInTransaction)
            throw error
        }
        restoreTimeout(wasInTransaction: isInTransaction)
        return value
    }

    /// Sets statement_timeout for what comes; answers whether a transaction is open.
    func allow(_ timeout: Duration?) throws(PostgresError) -> Bool {
        let isInTransaction = isInTransaction
        try setTimeout(timeout.map(Self.statementTimeout) ?? "0")
        return isInTransaction
    }

    /// Sets statement_timeout back. In a failed transaction that cannot be done and need not: the end of the
    /// transaction undoes what was set in it. Otherwise the connection is given up.
    func restoreTimeout(wasInTransaction: Bool) {
        guard !isBroken else { return }
        do throws(PostgresError) {
            try setTimeout(Self.statementTimeout(for: queryTimeout))
        } catch {
            if !(wasInTransaction && error.sqlState == .inFailedTransaction) { _ = drop(error) }
        }
    }

    /// Behind a pooler, for the transaction alone; outside one our own deadline has to do.
    private func setTimeout(_ value: String) throws(PostgresError) {
        let isLocal = pooler == .transaction
        if isLocal, !isInTransaction { return }
        let query: PostgresQuery = "SELECT set_config('statement_timeout', \(value), \(isLocal))"
        _ = try run(query, until: Deadline(after: queryTimeout))
    }
}
