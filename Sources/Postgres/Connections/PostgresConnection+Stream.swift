// Answers and COPYs of any size, at the pace of whoever takes or gives them.
import CLibPQ

/// In a stream the server may be silent for `queryTimeout` at each step; the caller may take any time.
/// Whoever stops half-way (throws, or is cancelled) loses the connection, since nothing else ends a stream.
extension PostgresConnection {
    /// Runs one statement and hands over its rows, at most `batch` at a time. Answers how many there were.
    package func rows(
        _ query: PostgresQuery, batch: Int, _ each: @Sendable ([PostgresRow]) async throws -> Void
    ) async throws -> Int {
        let context = try await perform { session throws(PostgresError) in try session.beginRows(query) }
        var total = 0
        while true {
            let (rows, isLast) = try await perform { session throws(PostgresError) in
                try session.nextRows(batch, wasInTransaction: context)
            }
            total += rows.count
            try await orAbandon { if !rows.isEmpty { try await each(rows) } }
            if isLast { return total }
        }
    }

    /// The same for one SELECT within a transaction, by a cursor: up to `batch` rows come as one result and
    /// not each as its own, which takes a fraction of the time. For rows of about one size: from that of the
    /// last ones follows how many are asked for next. The caller may take as long as the transaction may be
    /// idle.
    package func batches(
        _ query: PostgresQuery, of batch: Int, _ each: @Sendable ([PostgresRow]) async throws -> Void
    ) async throws -> Int {
        try await perform { session throws(PostgresError) in try session.beginBatches(query, of: batch) }
        var total = 0
        while true {
            let (rows, isLast) = try await perform { session throws(PostgresError) in
                try session.nextBatch(of: batch)
            }
            total += rows.count
            try await orAbandon { if !rows.isEmpty { try await each(rows) } }
            if isLast { return total }
        }
    }

    /// Runs `COPY … TO STDOUT` and hands over its rows one by one, as bytes in the COPY's format. Answers
    /// how many the server counted.
    package func copyOut(
        _ sql: String, _ each: @Sendable ([UInt8]) async throws -> Void
    ) async throws -> Int {
        let context = try await perform { session throws(PostgresError) in
            try session.beginCopy(sql, expecting: PGRES_COPY_OUT)
        }
        while true {
            let (rows, total) = try await perform { session throws(PostgresError) in
                try session.nextCopied(wasInTransaction: context)
            }
            try await orAbandon {
                for row in rows { try await each(row) }
            }
            if let total { return total }
        }
    }

    /// Runs `COPY … FROM STDIN` with the bytes `next` gives until it gives nil; chunks may end anywhere.
    /// Answers how many rows the server stored. When `next` throws, nothing is stored and the connection
    /// stays usable.
    package func copyIn(_ sql: String, _ next: @Sendable () async throws -> [UInt8]?) async throws -> Int {
        let context = try await perform { session throws(PostgresError) in
            try session.beginCopy(sql, expecting: PGRES_COPY_IN)
        }
        do {
            while let bytes = try await gather(next) {
                try await perform { session throws(PostgresError) in try session.putCopy(bytes) }
            }
        } catch {
            _ = try? await perform { session throws(PostgresError) in
                try session.endPut(failing: "given up", wasInTransaction: context)
            }
            throw error
        }
        return try await perform { session throws(PostgresError) in
            try session.endPut(failing: nil, wasInTransaction: context)
        }
    }

    /// Joins small chunks, so that a hop to the thread pays; nil when there are no more.
    private func gather(_ next: @Sendable () async throws -> [UInt8]?) async throws -> [UInt8]? {
        var gathered: [UInt8] = []
        while gathered.count < 1 << 16 {
            try Task.checkCancellation()
            guard let chunk = try await next() else { break }
            gathered += chunk
        }
        return gathered.isEmpty ? nil : gathered
    }

    private func orAbandon(_ body: () async throws -> Void) async throws {
        do {
            try Task.checkCancellation()
            try await body()
        } catch {
            try? await perform { session throws(PostgresError) in session.abandonStream() }
            throw error
        }
    }
}
