// Keeps the directory up to date: by poll, and at once when someone unknown comes.
internal import BursarCore
private import CAllocator
internal import Logging
internal import ServiceLifecycle

/// What a command adds works at once: an unknown client or connection is looked up before it is refused. The
/// look-ups are bounded, so that nobody can make the database work by guessing.
actor DirectoryFollower {
    private let store: any DirectoryStore
    private let directory: Directory
    private let membership: Membership
    private let nudges: Nudges
    private let environment: GatewayEnvironment
    private var running: Task<Result<Void, StoreFailure>, Never>?
    private var waiting: Task<Result<Void, StoreFailure>, Never>?
    private var lookups = GenericCellRate()
    private var lastFailure: StoreFailure?
    /// Whether what is applied may have come from another history than the store's.
    private var mistrusts = false

    /// Look-ups for unknown callers (docs/API.md section 3).
    static let lookupLimit = RateLimit(count: 50, period: .seconds(1), burst: 50)!
    static let pollInterval: Duration = .seconds(2)

    /// - Parameter nudges: told when something was applied, so that commands need not wait for it.
    init(
        store: any DirectoryStore, directory: Directory, membership: Membership, nudges: Nudges,
        environment: GatewayEnvironment
    ) {
        self.store = store
        self.directory = directory
        self.membership = membership
        self.nudges = nudges
        self.environment = environment
    }

    enum Lookup: Sendable {
        /// The directory is as new as this call.
        case done
        /// Too many look-ups: take the directory as it is.
        case skipped
        case unavailable
    }

    /// Reads what changed before this call, within the limit. Joining a read that has yet to begin costs the
    /// database nothing and is free: a herd of callers whose client was added just now is answered by two
    /// reads.
    func lookUp() async -> Lookup {
        guard membership.hasJoined else { return .unavailable }
        if waiting == nil {
            guard case .allowed = lookups.spend(Self.lookupLimit, now: environment.clock.now()) else {
                return lastFailure == nil ? .skipped : .unavailable
            }
        }
        switch await follow() {
        case .success: return .done
        case .failure: return .unavailable
        }
    }

    /// Reads what changed before this call. Callers that come while a read is under way share the next one:
    /// the one under way may have begun too early for them.
    func follow() async -> Result<Void, StoreFailure> {
        if let waiting { return await waiting.value }
        guard let running else { return await begin().value }
        let next = Task(executorPreference: environment.executor) {
            _ = await running.value
            return await self.beginWaiting().value
        }
        waiting = next
        return await next.value
    }

    /// Reads everything anew, now or as soon as the store answers: it may have lost changes that are applied
    /// here, as after a fail-over or a restore.
    func followFromScratch() async -> Result<Void, StoreFailure> {
        mistrusts = true
        return await follow()
    }

    private func beginWaiting() -> Task<Result<Void, StoreFailure>, Never> {
        waiting = nil
        return begin()
    }

    private func begin() -> Task<Result<Void, StoreFailure>, Never> {
        let read = Task(executorPreference: environment.executor) { await self.read() }
        running = read
        return read
    }

    private func read() async -> Result<Void, StoreFailure> {
        defer { running = nil }
        // What is applied starts clocks, so the time has to be right first.
        guard membership.hasJoined else { return .failure(.unavailable) }
        let fromScratch = mistrusts
        mistrusts = false
        do throws(StoreFailure) {
            // What a reading of everything leaves behind is as much again as what it made, in pieces that the
            // allocator keeps.
            if try await take(since: fromScratch ? nil : directory.version) { malloc_trim(0) }
            lastFailure = nil
            return .success(())
        } catch {
            lastFailure = error
            if fromScratch { mistrusts = true }
            environment.metrics.directoryPollFailed()
            return .failure(error)
        }
    }

    /// Answers whether that was everything, and not only what changed.
    private func take(since version: ConfigVersion?) async throws(StoreFailure) -> Bool {
        let changes = try await store.changes(since: version)
        guard changes.version != directory.version || changes.isComplete else { return false }
        directory.apply(changes)
        nudges.nudge()
        return changes.isComplete
    }
}

/// Polls the configuration's version; the poll is the truth.
struct DirectoryService: Service {
    let follower: DirectoryFollower
    let membership: Membership
    let environment: GatewayEnvironment

    func run() async {
        await cancelWhenGracefulShutdown {
            var wasAway = false
            // Where that takes longer the database is away, which is to be said.
            await membership.whenJoined(within: .seconds(1))
            while !Task.isCancelled {
                let isAway = if case .failure = await follower.follow() { true } else { false }
                if isAway != wasAway { report(isAway) }
                wasAway = isAway
                await environment.pause(DirectoryFollower.pollInterval)
            }
        }
    }

    private func report(_ isAway: Bool) {
        if isAway {
            environment.logger.error(
                "the database is not reachable: cached tokens are served and renewed, changes wait")
        } else {
            environment.logger.notice("the database is reachable again")
        }
    }
}
