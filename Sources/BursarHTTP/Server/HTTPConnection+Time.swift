// Deadlines: whatever a caller leaves undone ends by itself.
internal import Logging
internal import NIOCore

extension HTTPConnection {
    /// When the connection's patience ends.
    private var deadline: NIODeadline {
        let limits = server.patience
        let patience: TimeAmount =
            switch phase {
            case .idle: idlePatience
            case .head: limits.head
            case .body: limits.body
            case .answering, .sending: limits.answer
            case .closing: isLastUnsent ? max(limits.linger, limits.write) : limits.linger
            }
        let ofPhase = since + patience
        guard let unsentSince else { return ofPhase }
        return min(ofPhase, unsentSince + limits.write)
    }

    private var idlePatience: TimeAmount {
        let limits = server.patience
        if isDraining { return limits.drainIdle }
        if requests == 0 { return limits.first }
        return hasServed ? limits.idle : limits.idleUnserved
    }

    /// Makes sure that somebody looks at the deadline. A timer that is set too early is left alone and looks
    /// again when it fires, so that a busy connection sets one in a minute and not one a request.
    func armTimer() {
        guard context != nil else { return }
        let deadline = deadline
        guard deadline < timerAt else { return }
        timer?.cancel()
        let bound = NIOLoopBound(self, eventLoop: loop)
        timer = loop.scheduleTask(deadline: deadline) { bound.value.timerFired() }
        timerAt = deadline
    }

    private func timerFired() {
        timer = nil
        timerAt = .distantFuture
        guard let context else { return }
        guard loop.now >= deadline else { return armTimer() }
        expire(context)
        armTimer()
    }

    private func expire(_ context: ChannelHandlerContext) {
        if let unsentSince, loop.now >= unsentSince + server.patience.write {
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
        if case .idle = phase, context != nil { enter(.idle, at: loop.now) }
        armTimer()
    }
}

/// Tells a connection that the server stops.
struct DrainEvent: Sendable {}
