// What all connections of one server share.
internal import BursarCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization
internal import Tracing

final class ServerContext: Sendable {
    let side: ServerSide
    let limits: HTTPLimits
    let patience: Patience
    let handler: any HTTPHandler
    let metrics: HTTPMetrics
    let logger: Logger
    private let tracer: (any Tracer)?
    /// Whether each request has a span.
    let isTraced: Bool
    let ids = RequestIDs()
    let desks = LoopDesks()
    /// Whether each answer has a line in the log.
    let logsAnswers: Bool
    /// Whether every answer is to be the last of its connection.
    let isLeaving = Atomic<Bool>(false)

    init(
        side: ServerSide, limits: HTTPLimits, handler: any HTTPHandler, metrics: HTTPMetrics,
        logger: Logger, tracer: (any Tracer)?
    ) {
        self.side = side
        self.limits = limits
        patience = Patience(limits)
        self.handler = handler
        self.metrics = metrics
        self.logger = logger
        logsAnswers = logger.logLevel <= .debug
        self.tracer = tracer
        isTraced = tracer != nil
    }

    func span(
        of headers: HTTPHeaders, _ method: HTTPMethod, _ route: Route, _ id: RequestID
    ) -> RequestSpan? {
        tracer.map { RequestSpan(by: $0, of: headers, method, route, id, side: side) }
    }
}

/// The times of the limits as event loops count them.
struct Patience: Sendable {
    let first: TimeAmount
    let head: TimeAmount
    let body: TimeAmount
    let idle: TimeAmount
    let idleUnserved: TimeAmount
    let write: TimeAmount
    let answer: TimeAmount
    let linger: TimeAmount
    let drainIdle: TimeAmount

    init(_ limits: HTTPLimits) {
        first = TimeAmount(limits.first)
        head = TimeAmount(limits.head)
        body = TimeAmount(limits.body)
        idle = TimeAmount(limits.idle)
        idleUnserved = TimeAmount(limits.idleUnserved)
        write = TimeAmount(limits.write)
        answer = TimeAmount(limits.answer)
        linger = TimeAmount(limits.linger)
        drainIdle = TimeAmount(limits.drainIdle)
    }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
