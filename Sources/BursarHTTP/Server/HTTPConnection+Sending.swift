// The way out: answers, their records, and the end of a connection.
internal import Logging
internal import NIOCore

extension HTTPConnection {
    /// What follows a write.
    enum Afterwards {
        case go
        /// The connection ends: nothing more is said, and the caller's end is waited for.
        case linger
    }

    /// Sends an answer and moves on to the next request, or to the end.
    func send(_ answer: some WritableAnswer, to request: HTTPRequest, ending: Bool = false) {
        guard context != nil else { return }
        let closes = ending || self.closes(after: request)
        let persistence: Persistence = closes ? .closes : request.traits.isHTTP10 ? .staysAsAsked : .stays
        let now = loop.now
        enter(closes ? .closing : .idle, at: now)
        if closes {
            gate.discardAll()
        } else if request.traits.isUpgrade {
            gate.renewDecoder()
        }
        let bytes = desk.write(
            answer, id: request.id, persistence: persistence, isHead: request.method == .head)
        write(bytes, at: now, then: closes ? .linger : .go)
        record(answer.status, to: request, at: now)
    }

    /// - Parameter sent: fulfilled when the bytes have left.
    func write(
        _ bytes: ByteBuffer, at now: NIODeadline, then afterwards: Afterwards = .go,
        sent: EventLoopPromise<Void>? = nil
    ) {
        guard context != nil else { return sent?.fail(CallerGone()) ?? () }
        if unsentSince == nil || isWritable { unsentSince = now }
        switch afterwards {
        case .go: gate.write(bytes, promise: sent)
        case .linger:
            isLastUnsent = true
            let promise = sent ?? loop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenComplete { [self] _ in linger() }
            gate.write(bytes, promise: promise)
        }
        needsFlush = true
        // Within a read, one flush serves all of its answers; the gate says when that is.
        if !gate.isBusy { flush() }
    }

    /// Whether something was written that is not sent in turn. What leaves no room for more is sent at once.
    var hasToFlush: Bool { needsFlush && !(gate.isTakingTurn && isWritable) }

    func flush() {
        guard needsFlush else { return }
        needsFlush = false
        gate.flush()
    }

    /// The last answer has left.
    private func linger() {
        isLastUnsent = false
        unsentSince = nil
        guard let context else { return }
        enter(.closing, at: loop.now)
        // Only our half: unread input at a full close would reset the connection, answer and all.
        context.close(mode: .output, promise: nil)
        armTimer()
    }

    /// Whether something that was written is still here. Asked when a deadline has passed, not with each
    /// answer.
    var hasUnsent: Bool {
        guard let options = context?.channel.syncOptions else { return false }
        return (try? options.getOption(.bufferedWritableBytes)) ?? 0 > 0
    }

    /// The metrics of the answer and its line in the log: the route, never the path, and nothing that a
    /// caller or a provider wrote.
    func record(_ status: HTTPStatus, to request: HTTPRequest, at now: NIODeadline) {
        if status.family == .success { hasServed = true }
        let took = now - request.startedAt
        server.metrics.answered(request.route, request.method, status, took: took)
        request.span?.end(with: status)
        guard server.logsAnswers else { return }
        server.logger.debug(
            "answered",
            metadata: [
                LogField.side: "\(server.side.rawValue)", LogField.method: "\(request.method.name)",
                LogField.route: "\(request.route.template)", LogField.status: "\(status.rawValue)",
                LogField.duration: "\(Double(took.nanoseconds / 1_000) / 1_000)",
                LogField.request: "\(request.id)",
            ])
    }
}

/// The names of what the access log says (docs/LOGGING.md).
enum LogField {
    typealias Name = String

    static let side: Name = "server"
    static let method: Name = "method"
    static let route: Name = "route"
    static let status: Name = "status"
    static let duration: Name = "duration_ms"
    static let request: Name = "request_id"
}
