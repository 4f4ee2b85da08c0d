// The gateway as callers see it: one object, a few questions.
package import BursarCore
package import BursarVault
package import ServiceLifecycle
internal import Synchronization

/// Answers token requests from memory and gets what is missing. Everything it needs of the world comes in as
/// a protocol, so that tests run the very same object.
package final class Gateway: Sendable {
    package struct World: Sendable {
        package var directory: any DirectoryStore
        package var tokens: any TokenStore
        package var usage: any UsageStore
        package var journal: UsageJournal
        package var statements: any StatementStore
        package var client: any ProviderClient
        package var secrets: any SecretReferences
        package var replicas: any ReplicaStore
        /// Nil where the configuration is found by polling alone.
        package var notices: (any ConfigurationNotices)?
        /// How people know this replica.
        package var label: ReplicaLabel
        package var quota: any QuotaStore

        package init(
            directory: any DirectoryStore, tokens: any TokenStore, usage: any UsageStore,
            journal: UsageJournal, statements: any StatementStore, client: any ProviderClient,
            secrets: any SecretReferences, quota: any QuotaStore, replicas: any ReplicaStore,
            label: ReplicaLabel, notices: (any ConfigurationNotices)? = nil
        ) {
            self.notices = notices
            self.replicas = replicas
            self.label = label
            self.quota = quota
            self.journal = journal
            self.directory = directory
            self.tokens = tokens
            self.usage = usage
            self.statements = statements
            self.client = client
            self.secrets = secrets
        }
    }

    let desk = TokenDesk()
    let access: ProviderAccess
    let directory: Directory
    let follower: DirectoryFollower
    /// This replica among the others.
    package let membership: Membership
    let usage: UsageRecorder
    let quota: QuotaDesk
    let refusals = RefusalMemory()
    /// Credentials whose pardon the store has yet to hear of.
    let pardons = Mutex<[CredentialID: OwnerID]>([:])
    let vault: Vault
    let world: World
    private let providers: [ProviderID]
    package let environment: GatewayEnvironment
    private let runner: FlightRunner
    private let departure: Departure
    private let isLeaving = Atomic<Bool>(false)
    /// Have a heartbeat sent at once.
    private let nudges = Nudges()

    package init(
        world: World, vault: Vault, profiles: [ProviderID: ProviderProfile], environment: GatewayEnvironment
    ) {
        self.world = world
        self.vault = vault
        providers = Array(profiles.keys)
        self.environment = environment
        directory = Directory(desk: desk, vault: vault, profiles: profiles, environment: environment)
        membership = Membership(
            store: world.replicas, directory: directory, place: world.journal.id.directory,
            label: world.label, keyIDs: { vault.keyIDs }, environment: environment)
        follower = DirectoryFollower(
            store: world.directory, directory: directory, membership: membership, nudges: nudges,
            environment: environment)
        usage = UsageRecorder(journal: world.journal, store: world.usage, environment: environment)
        usage.stateRecovery()
        quota = QuotaDesk(store: world.quota, directory: directory, environment: environment)
        access = ProviderAccess(environment: environment)
        departure = Departure(environment: environment)
        runner = FlightRunner(
            desk: desk, store: world.tokens,
            exchanger: Exchanger(
                client: world.client, vault: vault, secrets: world.secrets, usage: usage, access: access,
                environment: environment),
            sealer: TokenSealer(vault: vault, environment: environment), access: access,
            departure: departure, environment: environment)
    }

    /// What has to run while the gateway serves, in the order in which it starts.
    package var services: [any Service] {
        [
            MembershipService(
                membership: membership, follower: follower, nudges: nudges, departure: departure,
                environment: environment),
            DeliveryService(recorder: usage, departure: departure, environment: environment),
            SealingService(recorder: usage, environment: environment),
            DirectoryService(follower: follower, membership: membership, environment: environment),
            runner,
            RenewalService(desk: desk, environment: environment),
            QuotaService(desk: quota, environment: environment),
            MendingService(gateway: self),
            CensusService(gateway: self),
        ]
            + [listening].compactMap(\.self)
    }

    private var listening: (any Service)? {
        world.notices.map { notices in
            ListeningService(
                notices: notices, follower: follower, directory: directory, membership: membership,
                environment: environment)
        }
    }

    /// Whether callers should be sent here.
    package enum Readiness: Sendable {
        /// No configuration has been read yet, without which nobody is known, or no share of the limits been
        /// granted, without which everybody would be over theirs.
        case starting
        case ready
        /// It serves whoever comes, but not for long.
        case leaving
    }

    package var readiness: Readiness {
        if isLeaving.load(ordering: .relaxed) { return .leaving }
        return directory.version != nil && membership.share > .none ? .ready : .starting
    }

    package var isReady: Bool { readiness == .ready }

    /// Has everybody told that this replica leaves: from here on the time of a stop is counted. It serves on
    /// until its services stop.
    package func leave() {
        isLeaving.store(true, ordering: .relaxed)
        departure.begin()
    }

    /// Has to be told when the vault has got another keyring.
    package func keyringChanged() { directory.openPeppers() }

    /// Has to be told when another server has become the primary, which may lack what the former one
    /// acknowledged last: counts are compared with it, and the configuration is read in full.
    package func databaseMoved() async {
        usage.replay()
        _ = await follower.followFromScratch()
    }

    /// Reads the configuration now. Returns when it is applied.
    package func follow() async -> Result<Void, StoreFailure> { await follower.follow() }

    /// Sends a heartbeat, and another when the answer asks for it. `MembershipService` does it by itself;
    /// simulated time calls it.
    package func beat() async {
        while await membership.beat() == .beatAgain {}
    }

    /// Starts the renewals that are due. `RenewalService` does it by itself; simulated time calls it.
    package func renewDue() {
        desk.renewDue(now: environment.clock.now(), jitter: environment.random.fraction)
    }

    /// Exchanges quota with other replicas. `QuotaService` does it by itself; simulated time calls it.
    package func exchangeQuota() async { await quota.tick() }

    /// Carries flights out until its task is cancelled; one of `services`, which simulated time runs alone.
    package func carryOutFlights() async { await runner.run() }

    /// Seals the counts and hands them to the store; true when nothing is left.
    @discardableResult
    package func flushUsage() async -> Bool {
        await usage.seal()
        return await usage.deliver().isDone
    }

    /// Sets the gauges of the journal; called before each scrape.
    package func recordHoldings() { usage.recordHoldings() }

    /// Sets the gauges of slots and clients. `CensusService` calls it, since it takes as long as there are
    /// any.
    package func takeCensus() {
        let now = environment.clock.now()
        environment.metrics.holding(desk.census(at: now), providers: providers)
        environment.metrics.holding(access.census(), providers: providers)
        environment.metrics.holding(
            secretsEnding: directory.clientSecrets(endingWithin: Self.secretsEndSoon, of: now),
            servedByFormer: directory.connectionsServedByFormer(at: now))
    }

    /// How long before its end a client secret is counted as ending.
    private static let secretsEndSoon: Duration = .seconds(14 * 86_400)

    /// Counts a request that was refused before it reached the gateway: malformed, too large, not HTTP.
    package func countMalformed() {
        let now = environment.clock.now()
        usage.count(UsageKey(outcome: .failedByCaller), since: now, at: now)
    }
}
