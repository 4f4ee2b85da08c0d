// The simulator itself: the state behind its lock, and the few steps that need a clock or a signature.

import Logging
import Synchronization

/// Answers calls and takes control commands. The lock is held only to decide.
final class Simulator: Sendable {
    let signer: TokenSigner
    private let state: Mutex<SimulatorState>
    private let clock = WallClock()
    private let logger: Logger

    init(state: SimulatorState, signer: TokenSigner, logger: Logger) {
        self.state = Mutex(state)
        self.signer = signer
        self.logger = logger
    }

    /// The reply to a provider call.
    func answer(_ call: Call) async throws -> Reply {
        let action = change { state, time in state.decide(call, at: time) }
        let reply: Reply
        switch action {
        case .answer(let decided): reply = decided
        case .sign(let signing):
            let token = try await signer.sign(signing.claims, with: signing.key)
            reply = change { state, _ in state.conclude(signing, token: token) }
        }
        logger.debug(
            "call",
            metadata: [
                "provider": "\(call.provider.rawValue)", "endpoint": "\(call.endpoint.rawValue)",
                "status": "\(reply.status)",
            ])
        return reply
    }

    /// Runs one decision on the state. `Time.simulated` is what the clock says after all advances so far.
    func change<Result: Sendable, Failure: Error>(
        _ decide: (inout SimulatorState, Time) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let now = clock.now()
        return try state.withLock { (state) throws(Failure) -> Result in
            try decide(&state, Time(real: now, simulated: now + state.advancedSeconds))
        }
    }
}
