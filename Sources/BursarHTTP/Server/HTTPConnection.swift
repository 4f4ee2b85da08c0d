// One connection: its requests one after the other, each answered before the next is looked at.
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// Stands behind the gate, which decodes. All of it runs on the connection's event loop.
///
///     idle ─► head ─► body ─► answering ─┬──────────► idle
///       │      │       │          │      └─► sending ──┤
///       └──────┴───────┴──────────┴────────────────────┴─► closing   (an answer that ends it is sent)
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    /// `request` is there in `body`, `answering` and `sending`.
    enum Phase {
        /// → head, when a byte arrives
        case idle
        /// → body, when the head is complete; → closing, when it is refused or too slow
        case head
        /// → answering, when the request is complete; → closing, when it is too long or too slow
        case body
        /// → idle, when the answer is sent and the connection stays; → closing otherwise
        case answering
        /// A long answer is being made and sent. → idle or closing, when it is sent
        case sending(HTTPStatus, closes: Bool)
        /// The end: input is thrown away until the caller closes too, or time is up.
        case closing
    }

    private enum Event {
        case part(HTTPServerRequestPart)
        case fault(HTTPFault)
    }

    let server: ServerContext
    let gate: InputGate
    /// What connections of this event loop share.
    let desk: LoopDesk
    /// Its event loop.
    let loop: any EventLoop
    var context: ChannelHandlerContext?
    private(set) var phase: Phase
    /// When the phase, or its last progress, began.
    private(set) var since: NIODeadline
    /// When what is being read now came, or its turn.
    private var readAt: NIODeadline
    var request: HTTPRequest?
    /// Decoded, but its turn has not come. Bounded by the gate's slices. Nothing that runs while it changes
    /// comes back here, so that nobody has to watch for it at run time.
    @exclusivity(unchecked) private var queue = CircularBuffer<Event>()
    private var isWorking = false
    private(set) var requests: UInt64 = 0
    /// Whether a request was answered with success.
    var hasServed = false
    private var requestBytes = 0
    var cancelWaiting: (@Sendable () -> Void)?
    var isDraining = false
    // Sending
    var isWritable = true
    /// Since when the caller may not have taken all that was written; nil when it surely has.
    var unsentSince: NIODeadline?
    /// Whether the connection's last answer is still on its way.
    var isLastUnsent = false
    var needsFlush = false
    // Time
    var timer: Scheduled<Void>?
    var timerAt = NIODeadline.distantFuture

    init(server: ServerContext, gate: InputGate, desk: LoopDesk, loop: any EventLoop) {
        self.server = server
        self.gate = gate
        self.desk = desk
        self.loop = loop
        phase = .idle
        since = loop.now
        readAt = since
    }

    func enter(_ phase: Phase, at now: NIODeadline) {
        self.phase = phase
        since = now
    }

    // MARK: Input

    /// `count` bytes are about to be decoded.
    func inputArrives(_ count: Int) {
        requestBytes += count
        readAt = loop.now
        if case .idle = phase { enter(.head, at: readAt) }
        if requestBytes > server.limits.requestBytes { receive(.fault(tooManyBytes)) }
    }

    /// No more to decode for now.
    func inputPaused() {
        if hasToFlush { flush() }
        armTimer()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = Self.unwrapInboundIn(data)
        guard queue.isEmpty, !isWorking, !isBusy else { return receive(.part(part)) }
        isWorking = true
        take(part)
        isWorking = false
        work()
    }

    private func receive(_ event: Event) {
        queue.append(event)
        work()
    }

    /// Takes what is queued, up to the next request that is answered later.
    func work() {
        guard !isWorking else { return }
        isWorking = true
        if !queue.isEmpty { readAt = loop.now }
        while !isBusy, let event = queue.popFirst() {
            switch event {
            case .part(let part): take(part)
            case .fault(let fault): fail(fault)
            }
        }
        isWorking = false
        if isBusy { gate.hold() } else { gate.resume() }
    }

    private func take(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head): begin(head)
        case .body(let bytes): take(bytes)
        case .end: handle()
        }
    }

    /// Whether the next request has to wait: for an answer, or for earlier ones to be taken.
    private var isBusy: Bool {
        switch phase {
        case .answering, .sending: true
        case .idle, .head, .body, .closing: !isWritable
        }
    }

    // MARK: One request

    private func begin(_ head: HTTPRequestHead) {
        guard context != nil, !isClosing else { return }
        // No request begins within another.
        guard openRequest == nil else { return fail(.notHTTP(.framing)) }
        requests += 1
        let request = HTTPRequest(head, id: server.ids.next(), startedAt: readAt, server: server)
        self.request = request
        enter(.body, at: readAt)
        if head.uri.utf8.count > server.limits.urlBytes { return fail(.headTooLarge) }
        if let flaw = request.flaw { return fail(.notHTTP(flaw)) }
        if let length = request.fields.announcedLength, length > request.route.bodyLimit {
            return fail(.bodyTooLarge(limit: request.route.bodyLimit))
        }
        if request.awaitsContinue {
            write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"), at: readAt)
        }
    }

    private func take(_ bytes: ByteBuffer) {
        guard case .body = phase, let request else { return }
        guard request.body.readableBytes + bytes.readableBytes <= request.route.bodyLimit else {
            return fail(.bodyTooLarge(limit: request.route.bodyLimit))
        }
        request.append(bytes)
    }

    private func handle() {
        guard case .body = phase, context != nil, let request else { return }
        phase = .answering
        let responder = HTTPResponder(
            connection: NIOLoopBound(self, eventLoop: loop), number: requests)
        let cancel = server.handler.handle(request, respond: responder)
        guard case .answering = phase else { return }
        cancelWaiting = cancel
        since = loop.now
    }

    /// The handler's answer. One to another request than the current comes too late.
    func answer(_ answer: some WritableAnswer, to number: UInt64) {
        guard case .answering = phase, number == requests, let request else { return }
        finishing { send(answer, to: request) }
    }

    /// The request that a long answer is sent to, where its number is still the current one.
    func sending(_ number: UInt64) -> (request: HTTPRequest, status: HTTPStatus, closes: Bool)? {
        guard case .sending(let status, let closes) = phase, number == requests, let request else {
            return nil
        }
        return (request, status, closes)
    }

    /// Around what ends an answer: then comes the next request's turn.
    func finishing(_ end: () -> Void) {
        cancelWaiting = nil
        requestBytes = 0
        // First: what is sent can make room, and so begin the next one.
        request = nil
        end()
        guard !isWorking else { return }
        work()
        if !gate.isBusy { inputPaused() }
    }

    /// Answers a request that cannot be handled, and ends the connection.
    func fail(_ fault: HTTPFault) {
        guard let context, !isClosing else { return }
        // An end in the middle of a request is no request, and nobody is there to be told.
        guard context.channel.isActive else { return }
        cancelWaiting?()
        cancelWaiting = nil
        let request = openRequest ?? .unreadable(id: server.ids.next(), at: loop.now)
        self.request = nil
        send(server.handler.refuse(fault, route: request.route), to: request, ending: true)
    }

    private var tooManyBytes: HTTPFault {
        if case .body = phase, let request { return .bodyTooLarge(limit: request.route.bodyLimit) }
        return .headTooLarge
    }

    private var openRequest: HTTPRequest? {
        switch phase {
        case .body, .answering: request
        case .idle, .head, .sending, .closing: nil
        }
    }

    /// Whether the answer to this request is the connection's last.
    func closes(after request: HTTPRequest) -> Bool {
        !request.traits.isKeepAlive || isDraining || server.isLeaving.load(ordering: .relaxed)
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
        request?.span?.endUnanswered()
        request = nil
        timer?.cancel()
        timer = nil
        gate.connection = nil
        queue.removeAll()
        phase = .closing
        context = nil
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable {
            unsentSince = loop.now
            work()
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow, is ByteToMessageDecoderError.PayloadTooLargeError:
            receive(.fault(.headTooLarge))
        case is HTTPParserError: receive(.fault(.notHTTP(.syntax)))
        // A broken connection or TLS: there is nobody who could read an answer.
        default: context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is DrainEvent { drain() }
        context.fireUserInboundEventTriggered(event)
    }
}
