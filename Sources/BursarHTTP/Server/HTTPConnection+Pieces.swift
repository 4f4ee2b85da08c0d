// Answers that are sent while they are made: memory holds a piece of them, however long they are.
internal import NIOCore

/// The caller has gone, or takes nothing any more: whoever makes the answer can stop.
struct CallerGone: Error {}

extension HTTPConnection {
    /// Sends the head of an answer whose length is not known yet. Chunked where the caller knows that
    /// (RFC 9112 section 7.1); with HTTP/1.0 the end of the connection is the end of the answer.
    func begin(_ response: HTTPResponse, to number: UInt64) throws(CallerGone) {
        guard context != nil, case .answering = phase, number == requests, let request else {
            throw CallerGone()
        }
        let closes = self.closes(after: request) || request.traits.isHTTP10 || request.traits.isUpgrade
        let now = loop.now
        enter(.sending(response.status, closes: closes), at: now)
        let head = desk.write(
            headOf: response, id: request.id, persistence: closes ? .closes : .stays,
            request.traits.isHTTP10 ? .untilClose : .chunked)
        write(head, at: now)
    }

    /// Sends a piece. The answer comes when it has left, so that no more is made than the caller takes.
    func send(_ piece: [UInt8], to number: UInt64, on loop: any EventLoop) -> EventLoopFuture<Void> {
        guard let (request, status, closes) = sending(number), request.method != .head else {
            return loop.makeFailedFuture(CallerGone())
        }
        guard !piece.isEmpty else { return loop.makeSucceededVoidFuture() }
        enter(.sending(status, closes: closes), at: loop.now)
        let isChunked = !request.traits.isHTTP10
        var bytes = ByteBufferAllocator().buffer(capacity: piece.count + 16)
        if isChunked { bytes.writeString(String(piece.count, radix: 16) + "\r\n") }
        bytes.writeBytes(piece)
        if isChunked { bytes.writeStaticString("\r\n") }
        let sent = loop.makePromise(of: Void.self)
        write(bytes, at: since, sent: sent)
        armTimer()
        return sent.futureResult
    }

    /// Ends the answer. One that failed half-way ends with its connection and without its last chunk, so that
    /// no caller takes it for whole.
    func end(_ number: UInt64, isWhole: Bool) {
        guard let context, let (request, status, closes) = sending(number) else { return }
        let now = loop.now
        if !isWhole { request.span?.breakOff() }
        record(status, to: request, at: now)
        guard isWhole || request.method == .head else {
            enter(.closing, at: now)
            self.request = nil
            return context.close(promise: nil)
        }
        finishing {
            enter(closes ? .closing : .idle, at: now)
            if closes { gate.discardAll() }
            let hasLast = !request.traits.isHTTP10 && request.method != .head
            write(ByteBuffer(string: hasLast ? "0\r\n\r\n" : ""), at: now, then: closes ? .linger : .go)
        }
    }
}
