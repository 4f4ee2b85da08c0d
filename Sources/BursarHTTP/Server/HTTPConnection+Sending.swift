// The way out: answers, their records, and the end of a connection.
internal import Logging
internal import NIOCore
internal import NIOHTTP1

extension HTTPConnection {
    /// What follows a write.
    enum Afterwards {
        case go
        /// The connection ends: nothing more is said, and the caller's end is waited for.
        case linger
    }

    /// Sends an answer and moves on to the next request, or to the end.
    func send(_ response: HTTPResponse, to request: OpenRequest, ending: Bool = false) {
        guard let context else { return }
        let closes = ending || self.closes(after: request)
        let persistence: Persistence = closes ? .closes : request.isHTTP10 ? .staysAsAsked : .stays
        let bytes = response.bytes(
            id: request.id, date: date.bytes(), persistence: persistence, isHead: request.method == .head)
        if closes {
            phase = .closing(since: context.eventLoop.now)
            gate.discardAll()
        } else {
            phase = .idle(since: context.eventLoop.now)
            if request.isUpgrade { replaceDecoder() }
        }
        write(bytes, then: closes ? .linger : .go)
        record(response.status, to: request, at: context.eventLoop.now)
    }

    /// - Parameter sent: fulfilled when the bytes have left.
    func write(
        _ bytes: ByteBuffer, then afterwards: Afterwards, sent: EventLoopPromise<Void>? = nil
    ) {
        guard let context else { return sent?.fail(CallerGone()) ?? () }
        unsent += 1
        if unsent == 1 { unsentSince = context.eventLoop.now }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [self] _ in wrote(then: afterwards) }
        if let sent { promise.futureResult.cascade(to: sent) }
        context.write(Self.wrapOutboundOut(bytes), promise: promise)
        needsFlush = true
        // Within a read, one flush serves all of its answers; the gate says when that is.
        if !gate.isBusy { flush() }
    }

    func flush() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    private func wrote(then afterwards: Afterwards) {
        unsent -= 1
        unsentSince = unsent == 0 ? nil : context?.eventLoop.now
        guard case .linger = afterwards, let context else { return }
        phase = .closing(since: context.eventLoop.now)
        // Only our half: unread input at a full close would reset the connection, answer and all.
        context.close(mode: .output, promise: nil)
        armTimer()
    }

    /// The metrics of the answer and its line in the log: the route, never the path, and nothing that a
    /// caller or a provider wrote.
    func record(_ status: HTTPStatus, to request: OpenRequest, at now: NIODeadline) {
        if status.family == .success { hasServed = true }
        let took = now - request.startedAt
        server.metrics.answered(request.route, request.method, status, took: took)
        request.span?.end(with: status)
        guard server.logger.logLevel <= .debug else { return }
        server.logger.debug(
            "answered",
            metadata: [
                LogField.side: "\(server.side.rawValue)", LogField.method: "\(request.method.rawValue)",
                LogField.route: "\(request.route.rawValue)", LogField.status: "\(status.rawValue)",
                LogField.duration: "\(Double(took.nanoseconds / 1_000) / 1_000)",
                LogField.request: "\(request.id)",
            ])
    }

    /// After a request that offered an upgrade, which nobody here takes, the decoder reads no further: it
    /// leaves the rest to the other protocol. Java's own client offers one with every request.
    private func replaceDecoder() {
        guard let context else { return }
        let pipeline = context.channel.pipeline.syncOperations
        guard let old = try? pipeline.context(handlerType: RequestDecoder.self) else { return }
        isReplacingDecoder = true
        pipeline.removeHandler(context: old).assumeIsolated().whenComplete { [self] _ in
            isReplacingDecoder = false
            guard let context = self.context else { return }
            do {
                try pipeline.addHandler(HTTPPipeline.decoder(server.limits), position: .after(gate))
                work()
            } catch {
                context.close(promise: nil)
            }
        }
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
