// The gateway as callers see it: one object, a few questions.
package import BursarCore
package import BursarVault
package import ServiceLifecycle

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

        package init(
            directory: any DirectoryStore, tokens: any TokenStore, usage: any UsageStore,
            journal: UsageJournal, statements: any StatementStore, client: any ProviderClient,
            secrets: any SecretReferences
        ) {
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
    let usage: UsageRecorder
    let refusals = RefusalMemory()
    let vault: Vault
    let world: World
    private let providers: [ProviderID]
    package let environment: GatewayEnvironment
    private let runner: FlightRunner

    package init(
        world: World, vault: Vault, profiles: [ProviderID: ProviderProfile], environment: GatewayEnvironment
    ) {
        self.world = world
        self.vault = vault
        providers = Array(profiles.keys)
        self.environment = environment
        directory = Directory(desk: desk, vault: vault, profiles: profiles, environment: environment)
        follower = DirectoryFollower(store: world.directory, directory: directory, environment: environment)
        usage = UsageRecorder(journal: world.journal, store: world.usage, environment: environment)
        usage.stateRecovery()
        access = ProviderAccess(environment: environment)
        runner = FlightRunner(
            desk: desk, store: world.tokens,
            exchanger: Exchanger(
                client: world.client, vault: vault, secrets: world.secrets, usage: usage, access: access,
                environment: environment),
            sealer: TokenSealer(vault: vault, environment: environment), access: access,
            environment: environment)
    }

    /// What has to run while the gateway serves, in the order in which it starts.
    package var services: [any Service] {
        [
            DeliveryService(recorder: usage, environment: environment),
            SealingService(recorder: usage, environment: environment),
            DirectoryService(follower: follower, environment: environment),
            runner,
            RenewalService(desk: desk, environment: environment),
            MendingService(gateway: self),
            CensusService(gateway: self),
        ]
    }

    /// Whether a configuration has been read, without which nobody is known.
    package var isReady: Bool { directory.version != nil }

    /// Has to be told when the vault has got another keyring.
    package func keyringChanged() { directory.openPeppers() }

    /// Reads the configuration now. Returns when it is applied.
    package func follow() async -> Result<Void, StoreFailure> { await follower.follow() }

    /// Starts the renewals that are due. `RenewalService` does it by itself; simulated time calls it.
    package func renewDue() {
        desk.renewDue(now: environment.clock.now(), jitter: environment.random.fraction)
    }

    /// Carries flights out until its task is cancelled; one of `services`, which simulated time runs alone.
    package func carryOutFlights() async { await runner.run() }

    /// Seals the counts and hands them to the store; true when nothing is left.
    @discardableResult
    package func flushUsage() async -> Bool {
        await usage.seal()
        return await usage.deliver()
    }

    /// Sets the gauges of the journal; called before each scrape.
    package func recordHoldings() { usage.recordHoldings() }

    /// Sets the gauges of slots and clients. `CensusService` calls it, since it takes as long as there are
    /// any.
    package func takeCensus() {
        let now = environment.clock.now()
        environment.metrics.holding(access.census(), providers: providers)
        environment.metrics.holding(
            desk.census(at: now), providers: providers,
            secretsEnding: directory.clientSecrets(endingWithin: Self.secretsEndSoon, of: now))
    }

    /// How long before its end a client secret is counted as ending.
    private static let secretsEndSoon: Duration = .seconds(14 * 86_400)

    /// Counts a request that was refused before it reached the gateway: malformed, too large, not HTTP.
    package func countMalformed() {
        usage.count(UsageKey(outcome: .failedByCaller), at: environment.clock.now(), took: .zero)
    }
}
