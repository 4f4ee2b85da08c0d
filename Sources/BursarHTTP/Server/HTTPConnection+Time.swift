// Deadlines: whatever a caller leaves undone ends by itself.
internal import Logging
internal import NIOCore

extension HTTPConnection {
    /// When the connection's patience ends.
    private var deadline: NIODeadline {
        let limits = server.limits
        let patience: Duration =
            switch phase {
            case .idle: idlePatience
            case .head: limits.head
            case .body: limits.body
            case .answering, .sending: limits.answer
            case .closing: max(limits.linger, isLastUnsent ? limits.write : .zero)
            }
        let ofPhase = since + TimeAmount(patience)
        guard let unsentSince else { return ofPhase }
        return min(ofPhase, unsentSince + TimeAmount(limits.write))
    }

    private var idlePatience: Duration {
        let limits = server.limits
        if isDraining { return limits.drainIdle }
        if requests == 0 { return limits.first }
        return hasServed ? limits.idle : limits.idleUnserved
    }

    /// Makes sure that somebody looks at the deadline. A timer that is set too early is left alone and looks
    /// again when it fires, so that a busy connection sets one in a minute and not one a request.
    func armTimer() {
        guard let context else { return }
        let deadline = deadline
        if let timer {
            guard deadline < timer.at else { return }
            timer.task.cancel()
        }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = (deadline, context.eventLoop.scheduleTask(deadline: deadline) { bound.value.timerFired() })
    }

    private func timerFired() {
        timer = nil
        guard let context else { return }
        guard context.eventLoop.now >= deadline else { return armTimer() }
        expire(context)
        armTimer()
    }

    private func expire(_ context: ChannelHandlerContext) {
        if let unsentSince, context.eventLoop.now >= unsentSince + TimeAmount(server.limits.write) {
            guard !hasUnsent else { return context.close(promise: nil) }
            self.unsentSince = nil
            return
        }
        switch phase {
        case .idle, .closing, .sending: context.close(promise: nil)
        case .head, .body: fail(.tooSlow)
        case .answering:
            server.logger.error("a request was not answered in time")
            fail(.unanswered)
        }
    }

    /// The server stops: the answer under way is the last, and who asks nothing now has little time left.
    func drain() {
        isDraining = true
        if case .idle = phase, let context { enter(.idle, at: context.eventLoop.now) }
        armTimer()
    }
}

/// Tells a connection that the server stops.
struct DrainEvent: Sendable {}

extension TimeAmount {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
