// statement_timeout: the server's own end to a statement, just before ours.
import CLibPQ

extension Session {
    /// The server gives up a tenth, or half a second, before we do: a cancelled statement leaves the
    /// connection usable, a passed deadline of ours does not.
    static func statementTimeout(for timeout: Duration) -> String {
        // 0 would mean none at all.
        String(max(1, (timeout - min(timeout / 10, .milliseconds(500))).milliseconds))
    }

    /// Begins a transaction. Behind a pooler it takes its settings along and leaves none behind: by SET,
    /// since a query would fix the isolation level.
    func begin() throws(PostgresError) {
        let deadline = Deadline(after: queryTimeout)
        guard pooler == .transaction else {
            _ = try run("BEGIN", until: deadline)
            return
        }
        var settings = [
            "BEGIN", "SET LOCAL statement_timeout = \(Self.statementTimeout(for: queryTimeout))",
            "SET LOCAL jit = off",
        ]
        if PQserverVersion(connection) >= 140_000 {
            settings.append("SET LOCAL client_connection_check_interval = '1s'")
        }
        try script(settings.joined(separator: "; "), until: deadline)
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
