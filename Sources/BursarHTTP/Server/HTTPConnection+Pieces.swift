// Answers that are sent while they are made: memory holds a piece of them, however long they are.
internal import NIOCore

/// The caller has gone, or takes nothing any more: whoever makes the answer can stop.
struct CallerGone: Error {}

extension HTTPConnection {
    /// Sends the head of an answer whose length is not known yet. Chunked where the caller knows that
    /// (RFC 9112 section 7.1); with HTTP/1.0 the end of the connection is the end of the answer.
    func begin(_ response: HTTPResponse, to number: UInt64) throws(CallerGone) {
        guard let context, case .answering(let request, _) = phase, request.number == number else {
            throw CallerGone()
        }
        let closes = self.closes(after: request) || request.isHTTP10 || request.isUpgrade
        phase = .sending(request, response.status, closes: closes, since: context.eventLoop.now)
        write(
            response.head(
                id: request.id, date: date.bytes(), persistence: closes ? .closes : .stays,
                length: request.isHTTP10 ? .untilClose : .chunked), then: .go)
    }

    /// Sends a piece. The answer comes when it has left, so that no more is made than the caller takes.
    func send(_ piece: [UInt8], to number: UInt64, on loop: any EventLoop) -> EventLoopFuture<Void> {
        guard case .sending(let request, let status, let closes, _) = phase, request.number == number,
            request.method != .head
        else { return loop.makeFailedFuture(CallerGone()) }
        guard !piece.isEmpty else { return loop.makeSucceededVoidFuture() }
        phase = .sending(request, status, closes: closes, since: loop.now)
        var bytes = ByteBufferAllocator().buffer(capacity: piece.count + 16)
        if !request.isHTTP10 { bytes.writeString(String(piece.count, radix: 16) + "\r\n") }
        bytes.writeBytes(piece)
        if !request.isHTTP10 { bytes.writeStaticString("\r\n") }
        let sent = loop.makePromise(of: Void.self)
        write(bytes, then: .go, sent: sent)
        armTimer()
        return sent.futureResult
    }

    /// Ends the answer. One that failed half-way ends with its connection and without its last chunk, so that
    /// no caller takes it for whole.
    func end(_ number: UInt64, isWhole: Bool) {
        guard let context, case .sending(let request, let status, let closes, _) = phase,
            request.number == number
        else { return }
        if !isWhole { request.span?.breakOff() }
        record(status, to: request, at: context.eventLoop.now)
        guard isWhole || request.method == .head else {
            phase = .closing(since: context.eventLoop.now)
            return context.close(promise: nil)
        }
        finishing {
            phase = closes ? .closing(since: context.eventLoop.now) : .idle(since: context.eventLoop.now)
            if closes { gate.discardAll() }
            let hasLast = !request.isHTTP10 && request.method != .head
            write(ByteBuffer(string: hasLast ? "0\r\n\r\n" : ""), then: closes ? .linger : .go)
        }
    }
}
