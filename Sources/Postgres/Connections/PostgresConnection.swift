// One connection to PostgreSQL: statements go to its thread, answers come back.

/// A connection, used by one caller at a time: statements run in the order they were asked for, and a
/// statement asked for while a stream is open is refused.
///
/// A cancelled task's statement still ends by itself or by its deadline; cancelling frees nobody else's
/// reply. When our own deadline passes the connection is closed, since only that frees a frozen server's
/// caller. Closes itself when the last reference goes.
package final class PostgresConnection: Sendable {
    let mailbox: Mailbox
    private let configuration: PostgresConfiguration
    private let standing: TimelineStanding?

    private init(mailbox: Mailbox, configuration: PostgresConfiguration, standing: TimelineStanding?) {
        self.mailbox = mailbox
        self.configuration = configuration
        self.standing = standing
    }

    deinit {
        mailbox.close()
    }

    /// Connects, trying the hosts in turn, within `connectTimeout`. A cancelled task is told `.timedOut`.
    package static func connect(
        _ configuration: PostgresConfiguration
    ) async throws(PostgresError) -> PostgresConnection {
        let outcome = FirstOutcome<Result<PostgresConnection, PostgresError>>()
        start(configuration) { outcome.settle($0) }
        // The thread keeps the deadline itself, except inside getaddrinfo; it says more, so it goes first.
        async let _: Void = {
            try? await Task.sleep(for: configuration.connectTimeout + .milliseconds(250))
            outcome.settle(.failure(.timedOut(.connecting)))
        }()
        return try await outcome.value().get()
    }

    /// Connects on a thread of its own and calls back from there, once. Who no longer wants the connection
    /// lets go of it.
    static func start(
        _ configuration: PostgresConfiguration,
        _ connected: @escaping @Sendable (Result<PostgresConnection, PostgresError>) -> Void
    ) {
        let mailbox = Mailbox()
        let thread = ConnectionThread(mailbox: mailbox, configuration: configuration) { result in
            connected(
                result.map {
                    PostgresConnection(mailbox: mailbox, configuration: configuration, standing: $0)
                })
        }
        if !thread.start() {
            let message = "no thread or descriptor left in this process"
            let failure = PostgresConnectionFailure(reason: .unreachable, host: "", message: message)
            connected(.failure(.connectionFailed(failure)))
        }
    }

    /// Whether its server was left behind: fit for nothing any more.
    var isOutdated: Bool { standing?.isOutdated ?? false }

    /// Runs one statement and answers its rows, up to 64 MiB of them. `timeout` counts from the call.
    package func query(
        _ query: PostgresQuery, timeout: Duration? = nil
    ) async throws(PostgresError) -> [PostgresRow] {
        try await reply(query, timeout: timeout).rows.rows
    }

    /// Runs one statement and answers how many rows it changed or answered.
    @discardableResult
    package func execute(
        _ query: PostgresQuery, timeout: Duration? = nil
    ) async throws(PostgresError) -> Int {
        try await reply(query, timeout: timeout).affectedRows
    }

    /// Runs several statements without parameters, in one implicit transaction unless they begin their own.
    /// For migrations: a server's refusal carries its message. Never put data in `sql`.
    package func script(_ sql: String, timeout: Duration) async throws(PostgresError) {
        let deadline = Deadline(after: timeout)
        try await perform { session throws(PostgresError) in
            try session.allowing(timeout) { () throws(PostgresError) in
                try session.script(sql, until: deadline)
            }
        }
    }

    /// Starts to listen, with the connection otherwise idle: keep one for this alone, and `query` it now and
    /// then to notice a dead server. The newest 1,024 unread notifications are kept. The stream ends when
    /// the connection does; whoever then listens anew has to read the state anew too.
    package func listen(
        to channels: [String]
    ) async throws(PostgresError) -> AsyncStream<PostgresNotification> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: PostgresNotification.self, bufferingPolicy: .bufferingNewest(1024))
        let listener = Listener(channels: Set(channels), continuation: continuation)
        let deadline = Deadline(after: configuration.queryTimeout)
        try await perform { session throws(PostgresError) in
            try session.listen(listener, until: deadline)
        }
        return stream
    }

    /// Closes after the statements asked for so far, and returns when it is done.
    package func close() async {
        await withCheckedContinuation { continuation in
            mailbox.close()
            mailbox.whenEnded { continuation.resume() }
        }
    }

    func reply(_ query: PostgresQuery, timeout: Duration? = nil) async throws(PostgresError) -> Reply {
        let timeout = timeout ?? configuration.queryTimeout
        let deadline = Deadline(after: timeout)
        return try await perform { session throws(PostgresError) in
            try session.allowing(timeout) { () throws(PostgresError) in
                try session.run(query, until: deadline)
            }
        }
    }

    /// Runs `body` on the connection's thread, after what was asked for before.
    func perform<R: Sendable>(
        _ body: @escaping @Sendable (Session) throws(PostgresError) -> R
    ) async throws(PostgresError) -> R {
        let result: Result<R, PostgresError> = await withCheckedContinuation { continuation in
            let isQueued = mailbox.post { [mailbox] session in
                guard let session else { return continuation.resume(returning: .failure(mailbox.loss)) }
                let result = Result { () throws(PostgresError) in
                    try session.whileCurrent { () throws(PostgresError) in try body(session) }
                }
                // First, so that a pool that gets the connection back sees how it was left.
                mailbox.publish(isReusable: session.isReusable, loss: session.loss)
                continuation.resume(returning: result)
            }
            if !isQueued {
                continuation.resume(returning: .failure(.protocolError("too many statements wait")))
            }
        }
        return try result.get()
    }
}
