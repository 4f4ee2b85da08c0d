// Sends the heartbeats: every second, and at once when there is something to say.
internal import BursarCore
internal import ServiceLifecycle
internal import Synchronization

/// Begins first and stops last: until then the others shall know that this replica lives.
final class MembershipService: Service {
    private let membership: Membership
    private let follower: DirectoryFollower
    private let environment: GatewayEnvironment
    private let nudges: Nudges
    private let departure: Departure
    private let isFollowing = Atomic<Bool>(false)

    private static let interval: Duration = .seconds(1)
    /// While there is no share yet, which others have to give up first.
    private static let impatience: Duration = .milliseconds(250)

    init(
        membership: Membership, follower: DirectoryFollower, nudges: Nudges, departure: Departure,
        environment: GatewayEnvironment
    ) {
        self.departure = departure
        self.membership = membership
        self.follower = follower
        self.nudges = nudges
        self.environment = environment
    }

    func run() async {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.tick() }
                for await _ in nudges.stream { await beat(&group) }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.nudges.finish()
        }
        await departure.lastly { [membership] in await membership.leave() }
    }

    private func tick() async {
        while !Task.isCancelled {
            nudges.nudge()
            await environment.pause(membership.share == .none ? Self.impatience : Self.interval)
        }
    }

    private func beat(_ group: inout DiscardingTaskGroup) async {
        while !Task.isCancelled {
            switch await membership.beat() {
            case .failed, .rest(isBehind: false): return
            case .beatAgain: continue
            case .rest(isBehind: true):
                // Beside the heartbeats: to read everything may take longer than others wait for us.
                guard !isFollowing.exchange(true, ordering: .relaxed) else { return }
                group.addTask {
                    _ = await self.follower.follow()
                    self.isFollowing.store(false, ordering: .relaxed)
                }
                return
            }
        }
    }
}

/// Asks for something to be done soon; asking twice before it is done asks once.
struct Nudges: Sendable {
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func nudge() { continuation.yield() }

    /// No more.
    func finish() { continuation.finish() }
}
