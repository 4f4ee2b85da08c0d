// One connection: its requests one after the other, each answered before the next is looked at.
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// Stands behind the decoder. All of it runs on the connection's event loop.
///
///     idle ─► head ─► body ─► answering ─┬──────────► idle
///       │      │       │          │      └─► sending ──┤
///       └──────┴───────┴──────────┴────────────────────┴─► closing   (an answer that ends it is sent)
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// → head, when a byte arrives
        case idle(since: NIODeadline)
        /// → body, when the head is complete; → closing, when it is refused or too slow
        case head(since: NIODeadline)
        /// → answering, when the request is complete; → closing, when it is too long or too slow
        case body(OpenRequest, since: NIODeadline)
        /// → idle, when the answer is sent and the connection stays; → closing otherwise
        case answering(OpenRequest, since: NIODeadline)
        /// A long answer is being made and sent. → idle or closing, when it is sent
        case sending(OpenRequest, HTTPStatus, closes: Bool, since: NIODeadline)
        /// The end: input is thrown away until the caller closes too, or time is up.
        case closing(since: NIODeadline)
    }

    private enum Event {
        case part(HTTPServerRequestPart)
        case fault(HTTPFault)
    }

    let server: ServerContext
    let gate: InputGate
    var context: ChannelHandlerContext?
    var phase: Phase
    /// Decoded, but its turn has not come. Bounded by the gate's slices.
    private var queue = CircularBuffer<Event>()
    private var isWorking = false
    private(set) var requests: UInt64 = 0
    /// Whether a request was answered with success.
    var hasServed = false
    private var requestBytes = 0
    var cancelWaiting: (@Sendable () -> Void)?
    var isDraining = false
    var isReplacingDecoder = false
    // Sending
    var date = DateField()
    var unsent = 0
    var unsentSince: NIODeadline?
    var needsFlush = false
    // Time
    var timer: (at: NIODeadline, task: Scheduled<Void>)?

    init(server: ServerContext, gate: InputGate, now: NIODeadline) {
        self.server = server
        self.gate = gate
        phase = .idle(since: now)
    }

    // MARK: Input

    /// `count` bytes are about to be decoded.
    func inputArrives(_ count: Int) {
        requestBytes += count
        if case .idle = phase, let context { phase = .head(since: context.eventLoop.now) }
        if requestBytes > server.limits.requestBytes { receive(.fault(tooManyBytes)) }
    }

    /// No more to decode for now.
    func inputPaused() {
        flush()
        armTimer()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        receive(.part(Self.unwrapInboundIn(data)))
    }

    private func receive(_ event: Event) {
        queue.append(event)
        work()
    }

    /// Takes what is queued, up to the next request that is answered later.
    func work() {
        guard !isWorking else { return }
        isWorking = true
        while !isBusy, let event = queue.popFirst() {
            switch event {
            case .part(.head(let head)): begin(head)
            case .part(.body(let bytes)): take(bytes)
            case .part(.end): handle()
            case .fault(let fault): fail(fault)
            }
        }
        isWorking = false
        if isBusy { gate.hold() } else { gate.resume() }
    }

    /// Whether the next request has to wait: for an answer, for earlier ones to be taken, or for a decoder.
    private var isBusy: Bool {
        switch phase {
        case .answering, .sending: return true
        case .idle, .head, .body, .closing:
            return isReplacingDecoder || context?.channel.isWritable == false
        }
    }

    // MARK: One request

    private func begin(_ head: HTTPRequestHead) {
        guard let context, !isClosing else { return }
        requests += 1
        let request = OpenRequest(
            head, number: requests, id: server.ids.next(), startedAt: context.eventLoop.now, server: server)
        phase = .body(request, since: context.eventLoop.now)
        if head.uri.utf8.count > server.limits.urlBytes { return fail(.headTooLarge) }
        if let flaw = request.fields.flaw(version: head.version) { return fail(.notHTTP(flaw)) }
        if let length = request.fields.announcedLength, length > request.route.bodyLimit {
            return fail(.bodyTooLarge(limit: request.route.bodyLimit))
        }
        if request.awaitsContinue { write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"), then: .go) }
    }

    private func take(_ bytes: ByteBuffer) {
        guard case .body(var request, let since) = phase else { return }
        guard request.body.readableBytes + bytes.readableBytes <= request.route.bodyLimit else {
            return fail(.bodyTooLarge(limit: request.route.bodyLimit))
        }
        phase = .idle(since: since)  // so that the body is not copied when it grows
        request.append(bytes)
        phase = .body(request, since: since)
    }

    private func handle() {
        guard case .body(let request, _) = phase, let context else { return }
        phase = .answering(request, since: context.eventLoop.now)
        let responder = HTTPResponder(
            connection: NIOLoopBound(self, eventLoop: context.eventLoop), number: request.number)
        let cancel = server.handler.handle(request.complete, respond: responder)
        if case .answering = phase { cancelWaiting = cancel }
    }

    /// The handler's answer. One to another request than the current comes too late.
    func answer(_ response: HTTPResponse, to number: UInt64) {
        guard case .answering(let request, _) = phase, request.number == number else { return }
        finishing { send(response, to: request) }
    }

    /// Around what ends an answer: then comes the next request's turn.
    func finishing(_ end: () -> Void) {
        cancelWaiting = nil
        requestBytes = 0
        end()
        if !isWorking { work() }
        if !gate.isBusy { inputPaused() }
    }

    /// Answers a request that cannot be handled, and ends the connection.
    func fail(_ fault: HTTPFault) {
        guard let context, !isClosing else { return }
        // An end in the middle of a request is no request, and nobody is there to be told.
        guard context.channel.isActive else { return }
        cancelWaiting?()
        cancelWaiting = nil
        let request = openRequest ?? .unreadable(id: server.ids.next(), at: context.eventLoop.now)
        send(server.handler.refuse(fault, route: request.route), to: request, ending: true)
    }

    private var tooManyBytes: HTTPFault {
        if case .body(let request, _) = phase { return .bodyTooLarge(limit: request.route.bodyLimit) }
        return .headTooLarge
    }

    private var openRequest: OpenRequest? {
        switch phase {
        case .body(let request, _), .answering(let request, _): request
        case .idle, .head, .sending, .closing: nil
        }
    }

    /// Whether the answer to this request is the connection's last.
    func closes(after request: OpenRequest) -> Bool {
        !request.isKeepAlive || isDraining || server.isLeaving.load(ordering: .relaxed)
    }

    var isClosing: Bool {
        if case .closing = phase { return true }
        return false
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        gate.connection = self
        armTimer()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        cancelWaiting?()
        cancelWaiting = nil
        endSpan()
        timer?.task.cancel()
        timer = nil
        gate.connection = nil
        queue.removeAll()
        phase = .closing(since: .now())
        context = nil
    }

    private func endSpan() {
        switch phase {
        case .body(let request, _), .answering(let request, _), .sending(let request, _, _, _):
            request.span?.endUnanswered()
        case .idle, .head, .closing: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { work() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow, is ByteToMessageDecoderError.PayloadTooLargeError:
            receive(.fault(.headTooLarge))
        case is HTTPParserError: receive(.fault(.notHTTP(.syntax)))
        case ByteToMessageDecoderError.leftoverDataWhenDone(let rest): gate.putBack(rest)
        // A broken connection or TLS: there is nobody who could read an answer.
        default: context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is DrainEvent { drain() }
        context.fireUserInboundEventTriggered(event)
    }
}
