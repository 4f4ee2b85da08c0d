// The end of this replica: how long what is under way may take, and what has to be done last.
internal import BursarCore
internal import Synchronization

/// One budget for a stop, from the signal to the exit (docs/RUNBOOK.md). Whatever hangs, leases are given
/// back, counts are delivered and the other replicas are told within it.
package final class Departure: Sendable {
    /// Everything together.
    package static let whole: Duration = .seconds(10)
    /// Flights are given up so long before the end: what follows them takes a few statements.
    static let ending: Duration = .milliseconds(1_500)
    /// And so long before the end all services are cancelled, whatever they do.
    private static let emergency: Duration = .seconds(1)
    /// Nobody waits any longer for the last statements: connections have to be closed yet.
    private static let closing: Duration = .milliseconds(500)
    /// After the callers, connections that only idle are closed.
    private static let idling: Duration = .milliseconds(500)

    private let end = Mutex<Instant?>(nil)
    private let environment: GatewayEnvironment

    init(environment: GatewayEnvironment) { self.environment = environment }

    /// What a server's callers may take when it has served on for `drain` since the signal.
    package static func answering(after drain: Duration) -> Duration {
        max(idling, whole - ending - idling - drain)
    }

    /// What all services together may take then, before they are cancelled.
    package static func stopping(after drain: Duration) -> Duration { whole - emergency - drain }

    /// The signal has come. Who stops without one has the whole time from when it first matters.
    func begin() { _ = endsAt }

    private var endsAt: Instant {
        end.withLock { end in
            let instant = end ?? environment.clock.now() + Self.whole
            end = instant
            return instant
        }
    }

    /// Returns when flights are to be given up, or the task is cancelled.
    func whenFlightsEnd() async { try? await environment.clock.sleep(until: endsAt - Self.ending) }

    /// Runs what has to be done last. That the task is cancelled does not reach it: a store does nothing for
    /// whoever is. Waits until it is done, or there is no more time.
    func lastly(_ work: @escaping @Sendable () async -> Void) async {
        let (done, doing) = AsyncStream.makeStream(of: Void.self)
        let deadline = endsAt - Self.closing
        Task(executorPreference: environment.executor) {
            await work()
            doing.finish()
        }
        await Task(executorPreference: environment.executor) { [clock = environment.clock] in
            await withTaskGroup { group in
                group.addTask { for await _ in done {} }
                group.addTask { try? await clock.sleep(until: deadline) }
                await group.next()
                group.cancelAll()
            }
        }.value
    }
}
