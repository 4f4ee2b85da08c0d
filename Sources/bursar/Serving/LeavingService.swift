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

    /// The whole of a stop (docs/RUNBOOK.md).
    static let patience: Duration = .seconds(10)

    func run() async {
        await cancelWhenGracefulShutdown {
            let signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint])
            guard let signal = await signals.first(where: { _ in true }) else { return }
            leave(signal)
            guard signal == .sigterm, drain > .zero else { return }
            await withTaskGroup { group in
                group.addTask { try? await Task.sleep(for: drain) }
                group.addTask { _ = await signals.first { _ in true } }
                await group.next()
                group.cancelAll()
            }
        }
    }

    private func leave(_ signal: UnixSignal) {
        gateway.leave()
        for server in servers { server.announceLeaving() }
        socket?.say("STOPPING=1")
        logger.notice("stopping", metadata: ["signal": "\(signal)"])
    }
}
