// A whole gateway under simulated time.
package import BursarCore
package import BursarGateway
package import BursarVault
internal import Logging
package import Metrics
package import Tracing

/// The real gateway over stores in memory and scripted providers. It polls, renews and flushes as often as
/// its services would. Nothing moves but when
/// the test asks, waits for work to settle, or lets time pass; the same seed gives the same run. Use it from
/// one task at a time.
package final class GatewayFixture {
    package let clock: ManualClock
    package let random: SeededRandom
    package let directory: MemoryDirectoryStore
    package let tokens: MemoryTokenStore
    package let usage: MemoryUsageStore
    package let statements: MemoryStatementStore
    package let replicas: MemoryReplicaStore
    package let quota: MemoryQuotaStore
    package let provider: ScriptedProvider
    package private(set) var keyring: Keyring
    package let vault: Vault
    private let folders = JournalFolders()
    private let makeWorld: (UsageJournal) -> Gateway.World
    private let options: Options
    private let start: Instant
    private var ticks: Int64 = 0
    private var processes: [Process]
    /// Processes that were killed: nothing of theirs runs any more until the fixture ends.
    private var dead: [Process] = []

    /// A gateway with what runs it.
    private struct Process {
        let gateway: Gateway
        let executor: SimulatedExecutor
        let vault: Vault
        let flights: Task<Void, Never>
        /// Its state directory, which its successor takes over.
        let folder: String
        var isFrozen = false
    }

    /// Everything a fixture can be told; the defaults suit most tests.
    package struct Options: Sendable {
        package var seed: UInt64 = 1
        /// Every draw of the gateway's jitter; nil draws by the seed.
        package var jitter: Double?
        /// Whether jobs run in a drawn order rather than in turn.
        package var shuffles = false
        package var profiles = ProviderProfile.samples
        package var metrics: any MetricsFactory = NOOPMetricsHandler.instance
        package var tracer: (any Tracer)?
        package var journal = JournalLimits(lanes: 1, pageBytes: 1 << 16)

        package init() {}
    }

    package init(_ options: Options = Options()) {
        clock = ManualClock()
        random = SeededRandom(seed: options.seed)
        directory = MemoryDirectoryStore()
        tokens = MemoryTokenStore(directory: directory, clock: clock)
        usage = MemoryUsageStore()
        statements = MemoryStatementStore()
        replicas = MemoryReplicaStore(clock: clock) { [directory] in directory.version }
        quota = MemoryQuotaStore(clock: clock)
        provider = ScriptedProvider(clock: clock)
        // The line below is well-formed.
        keyring = try! Keyring.parse(Self.firstKey, name: "test")
        vault = Vault(keyring)
        self.options = options
        start = clock.now()
        processes = []
        makeWorld = { [directory, tokens, usage, statements, quota, replicas, provider] journal in
            Gateway.World(
                directory: directory, tokens: tokens, usage: usage, journal: journal, statements: statements,
                client: provider, secrets: ConfinedSecrets(directory: nil, environment: [:]), quota: quota,
                replicas: replicas, label: ReplicaLabel(name: "host", program: "test"))
        }
        makePepper()
        processes = [startProcess(in: folders.make())]
        settle()
    }

    deinit {
        for process in processes + dead {
            process.flights.cancel()
            process.executor.runUntilIdle()
        }
    }

    /// The first gateway, or its successor after a restart.
    package var gateway: Gateway { processes[0].gateway }

    /// Begins `body` beside the first gateway; its value appears once it has ended.
    package func start<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Eventually<Value> {
        processes[0].executor.start(body)
    }

    /// Runs `body` to its end, without time passing.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value {
        let result = start(body)
        settle()
        guard let value = result.value else {
            preconditionFailure("the work waits for something that only the test could bring about")
        }
        return value
    }

    // MARK: Time

    /// Runs what is ready, until everything waits for time or for a held call. Replicas take turns.
    package func settle() {
        var ran = true
        while ran {
            ran = false
            for process in processes where !process.isFrozen && process.executor.runOne() { ran = true }
        }
    }

    /// Lets time pass: every sleeper wakes at its own time, and what it does settles before the next one.
    package func advance(by duration: Duration) {
        let end = clock.now() + duration
        settle()
        while true {
            let tick = start + .milliseconds(250 * (ticks + 1))
            let next = min(clock.nextWake ?? tick, tick)
            guard next <= end else { break }
            clock.advance(to: next)
            settle()
            if next == tick { work() }
        }
        clock.advance(to: end)
        settle()
    }

    /// What the services do of their own accord: look at the calendar and exchange quota four times a second,
    /// flush every second, mend, beat and poll every two.
    private func work() {
        ticks += 1
        for process in processes where !process.isFrozen {
            let gateway = process.gateway
            gateway.renewDue()
            // Alone it has nobody to exchange with.
            if processes.count > 1 { _ = process.executor.start { await gateway.exchangeQuota() } }
            if ticks % 4 == 0 { _ = process.executor.start { await gateway.flushUsage() } }
            guard ticks % 8 == 0 else { continue }
            _ = process.executor.start {
                await gateway.mend()
                await gateway.beat()
                _ = await gateway.follow()
            }
        }
        settle()
    }

    // MARK: Replicas

    /// Another gateway on the same stores, with its services running, on a machine whose clock is `ahead`.
    package func addReplica(ahead: Duration = .zero, joins: Bool = true) -> Gateway {
        let process = startProcess(in: folders.make(), clock: SkewedClock(clock, ahead: ahead))
        processes.append(process)
        settle()
        guard joins else { return process.gateway }
        // The others give up what becomes its share, in as many heartbeats as it takes.
        for _ in 0..<2 {
            for process in processes where !process.isFrozen {
                _ = process.executor.start { await process.gateway.beat() }
                settle()
            }
        }
        return process.gateway
    }

    /// Stops a further replica in the middle of whatever it does, as SIGSTOP would, or lets it go on. Ask
    /// nothing of a frozen one.
    package func setFrozen(_ isFrozen: Bool, _ replica: Gateway) {
        for index in processes.indices where processes[index].gateway === replica {
            processes[index].isFrozen = isFrozen
        }
        settle()
    }

    /// Ends the first gateway in the middle of whatever it does, as `kill -9` would, and starts another on
    /// the same stores.
    package func restart() {
        dead.append(processes[0])
        processes[0] = startProcess(in: processes[0].folder)
        settle()
    }

    /// A further gateway that nobody runs: for tests that run its services themselves, on the usual threads.
    package func makeGateway() -> Gateway {
        makeGateway(on: nil, in: folders.make(), vault: Vault(keyring), clock: clock)
    }

    private func makeGateway(
        on executor: SimulatedExecutor?, in folder: String, vault: Vault, clock: any GatewayClock
    ) -> Gateway {
        let environment = environment(executor, clock)
        return Gateway(
            world: makeWorld(openJournal(in: folder, boot: environment.replica)), vault: vault,
            profiles: options.profiles, environment: environment)
    }

    private func openJournal(in folder: String, boot: ReplicaID) -> UsageJournal {
        // The folder is this fixture's own, on a disk with room.
        try! UsageJournal(
            directory: folder, boot: boot, limits: options.journal,
            made: UUIDValue(high: random.next(), low: random.next()), now: clock.now())
    }

    private func startProcess(in folder: String, clock: (any GatewayClock)? = nil) -> Process {
        let executor = SimulatedExecutor(shuffled: options.shuffles ? random.next() : nil)
        let vault = Vault(keyring)
        let gateway = makeGateway(on: executor, in: folder, vault: vault, clock: clock ?? self.clock)
        let flights = Task(executorPreference: executor) { await gateway.carryOutFlights() }
        _ = executor.start {
            await gateway.beat()
            _ = await gateway.follow()
        }
        return Process(
            gateway: gateway, executor: executor, vault: vault, flights: flights, folder: folder)
    }

    /// Everybody's keyring file has these lines from now on.
    package func writeKeyring(_ lines: String...) {
        // The lines are the two below.
        keyring = try! Keyring.parse(lines.joined(separator: "\n"), name: "test")
        vault.replace(keyring)
        for process in processes {
            process.vault.replace(keyring)
            process.gateway.keyringChanged()
        }
    }

    private func environment(
        _ executor: SimulatedExecutor?, _ clock: any GatewayClock
    ) -> GatewayEnvironment {
        let random = random
        let source = options.jitter.map { fraction in
            let word = SeededRandom.fixed(fraction: fraction).words().0
            // Ids still have to differ: only the word that fractions are made of is fixed.
            return RandomSource { (word, random.next()) }
        }
        return GatewayEnvironment(
            clock: clock, random: source ?? random.source,
            replica: ReplicaID(.version7(at: clock.now(), random: (random.next(), random.next()))),
            metrics: GatewayMetrics(factory: options.metrics),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            tracer: options.tracer, executor: executor, offload: .inPlace)
    }

    /// 32 bytes of 0x07, and 32 of 0x08.
    package static let firstKey = "test:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
    package static let secondKey = "test-2:CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg="
}
