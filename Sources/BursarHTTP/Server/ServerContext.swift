// What all connections of one server share.
internal import Logging

final class ServerContext: Sendable {
    let side: ServerSide
    let limits: HTTPLimits
    let handler: any HTTPHandler
    let metrics: HTTPMetrics
    let logger: Logger
    let ids = RequestIDs()

    init(
        side: ServerSide, limits: HTTPLimits, handler: any HTTPHandler, metrics: HTTPMetrics, logger: Logger
    ) {
        self.side = side
        self.limits = limits
        self.handler = handler
        self.metrics = metrics
        self.logger = logger
    }
}
