// A PGconn and how to wait for it: send, flush, read, and give up in time.
import CLibPQ
import Glibc

/// An established connection. Not Sendable: it lives and dies on its own thread.
///
/// idle → streaming (a COPY, a cursor or a row-by-row statement is under way) → idle; either → broken, for
/// good.
final class Session {
    let connection: OpaquePointer
    /// How long a statement may take, and the server be silent in a stream.
    let queryTimeout: Duration
    let pooler: PostgresPooler
    /// A lost line, a passed deadline or a reply we cannot make sense of: nothing may be sent any more.
    private(set) var loss: PostgresError?
    /// What the server said when it ended the session.
    private var lastWord: PostgresServerError?
    /// The server said that it is leaving or was demoted: fit for no further transaction.
    private(set) var isSpoiled = false
    /// A COPY, a cursor or a row-by-row statement is open; other statements are refused meanwhile.
    var isStreaming = false
    var rows = RowBuilder()
    /// How many rows a cursor was asked for last.
    var fetching = 0
    var listeners: [Listener] = []
    var statements = PreparedStatements()
    /// Nil where nobody watches which server is the primary.
    var standing: TimelineStanding?

    /// Takes over a connection that stands; closes it in `finish` or when it goes.
    init(_ connection: OpaquePointer, queryTimeout: Duration, pooler: PostgresPooler) {
        self.pooler = pooler
        self.connection = connection
        self.queryTimeout = queryTimeout
        PQsetnonblocking(connection, 1)
        // libpq would print notices to stderr, and they can quote rows. What the server says when it ends a
        // session that asks for nothing is one of them.
        PQsetNoticeReceiver(
            connection,
            { session, notice in
                guard let session, let error = PostgresServerError(notice, withMessage: false) else { return }
                Unmanaged<Session>.fromOpaque(session).takeUnretainedValue().remember(error)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        PQfinish(connection)
    }

    var socket: Int32 { PQsocket(connection) }

    var isBroken: Bool { loss != nil }

    private var isEncrypted: Bool { PQsslInUse(connection) == 1 || PQgssEncInUse(connection) == 1 }

    var isInTransaction: Bool { PQtransactionStatus(connection) != PQTRANS_IDLE }

    var isReusable: Bool { !isBroken && !isSpoiled && !isStreaming && !isInTransaction && listeners.isEmpty }

    private var isOutdated: Bool { standing?.isOutdated ?? false }

    /// Ends the streams of notifications. The connection itself closes with the object.
    func finish() {
        loss = loss ?? .closed
        for listener in listeners { listener.continuation.finish() }
        listeners = []
    }

    /// Gives the connection up and hands back the reason, to be thrown.
    func drop(_ error: PostgresError) -> PostgresError {
        loss = loss ?? error
        return error
    }

    private func remember(_ error: PostgresServerError) {
        if error.endsSession { lastWord = error }
    }

    func spoil() {
        isSpoiled = true
    }
}

extension Session {
    /// Runs `body` while the server is still the primary that it was. What an old primary acknowledges after
    /// the cluster has gone on is void, a COMMIT above all: nobody else will ever see it.
    func whileCurrent<R>(_ body: () throws(PostgresError) -> R) throws(PostgresError) -> R {
        if isOutdated { throw lost() }
        let value = try body()
        if isOutdated { throw lost() }
        standing?.watch.answered()
        return value
    }
}

/// Waiting. libpq's manual, "Asynchronous Command Processing", is the recipe.
extension Session {
    /// Sends what is buffered. Reads meanwhile: a server that waits for us to read would not read us.
    func flush(until deadline: Deadline) throws(PostgresError) {
        while true {
            switch PQflush(connection) {
            case 0: return
            case 1: break
            default: throw lost()
            }
            if try wait(for: POLLIN | POLLOUT, until: deadline) & POLLIN != 0 { try consume() }
        }
    }

    /// The statement's next result; nil when it is over.
    func nextResult(until deadline: Deadline) throws(PostgresError) -> LibPQResult? {
        while PQisBusy(connection) == 1 {
            try receive(until: deadline)
        }
        guard let pointer = PQgetResult(connection) else {
            if PQstatus(connection) == CONNECTION_BAD { _ = lost() }
            return nil
        }
        return LibPQResult(pointer)
    }

    /// Waits for the server to say something and reads it.
    ///
    /// Under TLS a part of a record can lie decrypted in OpenSSL, where poll(2) does not see it; libpq reads
    /// at least 8 KiB at a time and a record holds 16. So read once more before waiting, and never wait long.
    func receive(until deadline: Deadline) throws(PostgresError) {
        if isEncrypted {
            try consume()
            if PQisBusy(connection) == 0 && !isStreaming { return }
        }
        let slice = isEncrypted ? Deadline(after: .milliseconds(50)) : deadline
        _ = try wait(for: POLLIN, until: deadline, orUntil: slice)
        try consume()
    }

    /// Waits for the socket, which is asked for anew each time. Answers 0 at the earlier moment; at the
    /// deadline throws `.timedOut` and drops the connection.
    func wait(
        for events: Int32, until deadline: Deadline, orUntil earlier: Deadline? = nil
    ) throws(PostgresError) -> Int32 {
        while true {
            var descriptor = pollfd(fd: socket, events: Int16(events), revents: 0)
            // A frozen old primary must not keep anybody until the deadline.
            let look: Int32 = standing == nil ? .max : 250
            let ready = poll(
                &descriptor, 1, min(deadline.milliseconds, (earlier ?? deadline).milliseconds, look))
            if ready > 0 {
                // A hang-up is read like data: libpq finds out what it means.
                let isOver = descriptor.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
                return Int32(descriptor.revents) | (isOver ? POLLIN : 0)
            }
            if ready < 0 && errno != EINTR { throw lost() }
            if deadline.hasPassed { throw drop(.timedOut(.statement)) }
            if isOutdated { throw lost() }
            if let earlier, earlier.hasPassed { return 0 }
        }
    }

    func consume() throws(PostgresError) {
        // A failure can leave a last word of the server's in the buffer: PQgetResult hands it out first.
        if PQconsumeInput(connection) == 0 && PQisBusy(connection) == 1 { throw lost() }
        dispatchNotifications()
    }

    func lost() -> PostgresError { drop(lastWord.map { .server($0) } ?? .closed) }

    /// What a failed result means; remembers when the connection is spoiled or lost with it.
    func error(of result: borrowing LibPQResult, withMessage: Bool = false) -> PostgresError {
        guard let error = result.serverError(withMessage: withMessage) else { return lost() }
        remember(error)
        if error.sqlState.spoilsConnection { spoil() }
        return .server(error)
    }
}
