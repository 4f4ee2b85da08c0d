// What all connections of one server share.
internal import Logging
internal import Synchronization
internal import Tracing

final class ServerContext: Sendable {
    let side: ServerSide
    let limits: HTTPLimits
    let handler: any HTTPHandler
    let metrics: HTTPMetrics
    let logger: Logger
    let tracer: (any Tracer)?
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
        self.handler = handler
        self.metrics = metrics
        self.logger = logger
        logsAnswers = logger.logLevel <= .debug
        self.tracer = tracer
    }
}
