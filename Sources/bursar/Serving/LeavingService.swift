// What a signal to stop does first: the gateway says that it leaves, and serves on for a while.
import BursarGateway
import BursarHTTP
import Logging
import ServiceLifecycle
import UnixSignals

/// Ends when it is time to stop, and its end stops the others in their order. Whoever watches `/readyz` needs
/// a moment to send no more; until then everybody is served, and told to connect elsewhere the next time.
struct LeavingService: Service {
    let gateway: Gateway
    let servers: [HTTPServer]
    /// How long to serve on after SIGTERM. SIGINT is somebody at a keyboard, who does not want to wait; so is
    /// a second signal.
    let drain: Duration
    let socket: NotifySocket?
    let logger: Logger
    /// Trapped before anybody can know that we are there: what comes before this service runs waits here.
    let signals: UnixSignalsSequence

    static func trapSignals() async -> UnixSignalsSequence {
        await UnixSignalsSequence(trapping: .sigterm, .sigint)
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            let (draining, beginDraining) = AsyncStream.makeStream(of: Void.self)
            await withTaskGroup { group in
                group.addTask { await obey { beginDraining.yield() } }
                group.addTask {
                    _ = await draining.first { true }
                    try? await Task.sleep(for: drain)
                }
                await group.next()
                group.cancelAll()
            }
        }
    }

    /// Returns when a signal says that we are to stop now.
    private func obey(beginDraining: () -> Void) async {
        var isLeaving = false
        for await signal in signals {
            if isLeaving { return }
            isLeaving = true
            leave(signal)
            guard signal == .sigterm, drain > .zero else { return }
            beginDraining()
        }
    }

    private func leave(_ signal: UnixSignal) {
        gateway.leave()
        for server in servers { server.announceLeaving() }
        socket?.say("STOPPING=1")
        logger.notice("stopping", metadata: ["signal": "\(signal)"])
    }
}
