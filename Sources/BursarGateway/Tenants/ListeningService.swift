// Follows the configuration as soon as somebody says that it has changed.
internal import BursarCore
internal import Logging
internal import ServiceLifecycle
internal import Synchronization

/// Makes a withdrawal work within milliseconds instead of the poll's two seconds.
final class ListeningService: Service {
    private let notices: any ConfigurationNotices
    private let follower: DirectoryFollower
    private let directory: Directory
    private let membership: Membership
    private let environment: GatewayEnvironment
    private let isFailing = Atomic<Bool>(false)

    /// Between two attempts to listen: the poll goes on meanwhile.
    private static let pause: Duration = .seconds(1)

    init(
        notices: any ConfigurationNotices, follower: DirectoryFollower, directory: Directory,
        membership: Membership, environment: GatewayEnvironment
    ) {
        self.notices = notices
        self.follower = follower
        self.directory = directory
        self.membership = membership
        self.environment = environment
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            await self.membership.whenJoined()
            while !Task.isCancelled {
                do throws(StoreFailure) {
                    try await self.notices.listen { await self.hear($0) }
                } catch {
                    // The store has reported it.
                }
                if Task.isCancelled { return }
                self.state(isFailing: true)
                await self.environment.pause(Self.pause)
            }
        }
    }

    private func hear(_ version: ConfigVersion?) async {
        if let version {
            environment.metrics.noticed()
            // Several changes in a row are applied by one reading.
            if let applied = directory.version, version <= applied { return }
        } else {
            state(isFailing: false)
        }
        _ = await follower.follow()
    }

    private func state(isFailing: Bool) {
        environment.metrics.listener(isFailing: isFailing)
        guard self.isFailing.exchange(isFailing, ordering: .relaxed) != isFailing else { return }
        if isFailing {
            environment.logger.warning(
                "changes of the configuration are not heard: they are found by polling")
        } else {
            environment.logger.notice("changes of the configuration are heard again")
        }
    }
}
