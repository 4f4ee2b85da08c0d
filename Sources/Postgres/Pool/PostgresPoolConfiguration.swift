// How many connections to keep and how long callers may wait for one.

/// The limits of a pool.
package struct PostgresPoolConfiguration: Sendable {
    let size: Int
    let waitingLimit: Int
    let waitingTimeout: Duration
    let maximumAge: Duration

    /// - Parameters:
    ///   - size: connections open at the same time, at least 1.
    ///   - waitingLimit: callers that may wait; one more is refused at once.
    ///   - waitingTimeout: how long each may wait.
    ///   - maximumAge: after which a connection is closed when it is next idle, so that pools follow a
    ///     failover and libpq's buffers, which never shrink, are given back.
    package init(
        size: Int = 12, waitingLimit: Int = 1024, waitingTimeout: Duration = .seconds(2),
        maximumAge: Duration = .seconds(1800)
    ) {
        self.size = max(1, size)
        self.waitingLimit = waitingLimit
        self.waitingTimeout = waitingTimeout
        self.maximumAge = maximumAge
    }
}

/// A pool at one moment.
package struct PostgresPoolStatistics: Sendable, Equatable {
    /// Connections that stand, lent or idle.
    package let open: Int
    /// Of these, the ones nobody uses.
    package let idle: Int
    /// Callers that wait.
    package let waiting: Int
    /// Attempts under way, stuck ones included.
    package let connecting: Int
}
