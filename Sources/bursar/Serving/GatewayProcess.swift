// Puts a gateway together from its settings and runs it.
import BursarCore
import BursarGateway
import BursarHTTP
import BursarLedger
import BursarProviders
import BursarReports
import BursarVault
import Foundation
import Logging
import Metrics
import NIOCore
import NIOPosix
import Postgres
import Prometheus
import ServiceLifecycle
import Tracing
import UnixSignals

/// The one place that knows every part. Whatever is wrong with the settings is said before anything starts.
struct GatewayProcess {
    private let settings: Settings
    private let logger: Logger
    private let listeners: Listeners
    private let keyringFile: String
    private let vault: Vault
    private let catalogue: ProfileCatalogue
    private let state: StateDirectory
    private let timelines: TimelineFile
    private let adminTokens: AdminTokens?
    private let registry: PrometheusRegistry
    private let tls: TLSFiles?
    private let drain: Duration
    private let background = BackgroundExecutor(threads: max(2, ProcessInfo.processInfo.activeProcessorCount))
    /// The machine's time until the database's is known; it goes to whatever measures an absolute time.
    private let clock = SystemGatewayClock(wallClock: HTTPProviderClient.systemTime())

    init(settings: Settings) throws {
        self.settings = settings
        let (format, level) = (try settings.logFormat(), try settings.logLevel())
        LoggingSystem.bootstrap { format.handler(label: $0, level: level) }
        logger = Logger(label: "bursar")
        drain = try settings.drain()
        listeners = try Listeners(settings: settings)
        keyringFile = try settings.required(.keyringFile)
        vault = Vault(try Keyring.load(path: keyringFile))
        catalogue = try ProfileCatalogue.load(
            directory: settings.text(.providersDirectory), policy: try settings.networkPolicy())
        adminTokens = try AdminTokensFile.load(settings.text(.adminTokensFile))
        registry = MetricCatalogue.registry(providers: catalogue.all.count)
        MetricCatalogue.declare(in: registry, providers: catalogue.all.map(\.id))
        tls = try listeners.tlsFiles.map { [logger, registry] files in
            try TLSFiles(certificate: files.certificate, key: files.key, logger: logger, factory: registry)
        }
        state = try StateDirectory(path: try settings.required(.stateDirectory))
        timelines = try TimelineFile(directory: state.path)
    }

    func run() async throws {
        // Before anything runs in the background: a thread has the priority of the one that starts it.
        let group = MultiThreadedEventLoopGroup.singleton
        try await withTaskExecutorPreference(background) { try await run(on: group) }
    }

    private func run(on group: MultiThreadedEventLoopGroup) async throws {
        MetricCatalogue.recordBuild(version: Bursar.version, factory: registry)
        let database = try Database(
            settings: settings, vault: vault, timelines: timelines, logger: logger, tracer: tracer,
            factory: registry)
        // Before the first connection: an old primary must not be the first that is met.
        await database.watch.probe()
        let client = try HTTPProviderClient(
            policy: try settings.networkPolicy(), certificateAuthorities: settings.text(.providerCAFile),
            eventLoopGroup: group, logger: logger, now: { [clock] in clock.now() },
            sleep: { [clock] in try await clock.sleep(until: clock.now() + $0) })
        let gateway = try gateway(database, client: client)
        watch(gateway, database)
        var limits = HTTPLimits()
        limits.drain = Departure.answering(after: drain)
        let servers = try listeners.servers(
            gateway: gateway, tls: tls?.context, limits: limits, registry: registry,
            reports: reportDesk(database.reports),
            eventLoopGroup: group, logger: logger, tracer: tracer)
        let signals = await LeavingService.trapSignals()
        for server in servers { try await server.bind() }
        try await checkSchema(database.ledger)
        let socket = NotifySocket(environment: ProcessInfo.processInfo.environment)
        let services = services(of: gateway, database, servers, socket, group)
        let leaving = LeavingService(
            gateway: gateway, servers: servers, drain: drain, socket: socket, logger: logger,
            signals: signals)
        // Services stop in reverse: first no more requests, then no more renewals, then the counts are
        // stored, and last the other replicas are told. Who is cancelled does what comes last all the same.
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }
                + [.init(service: leaving, successTerminationBehavior: .gracefullyShutdownGroup)],
            logger: lifecycleLogger)
        configuration.maximumGracefulShutdownDuration = Departure.stopping(after: drain)
        try await ServiceGroup(configuration: configuration).run()
        await client.shutdown()
        await database.close()
        logger.notice("stopped")
    }

    private func services(
        of gateway: Gateway, _ database: Database, _ servers: [HTTPServer],
        _ socket: NotifySocket?, _ group: any EventLoopGroup
    ) -> [any Service] {
        // The watch first: it goes on until the last counts are stored.
        var services: [any Service] = [
            FailoverService(
                watch: database.watch, metrics: database.metrics, gateway: gateway, logger: logger)
        ]
        services += gateway.services
        services += [
            PartitionService(ledger: database.ledger, logger: logger, factory: registry),
            OverlapService(ledger: database.ledger, logger: logger),
            RollUpService(ledger: database.reports),
            ReportZoneService(ledger: database.reports, settings: settings, logger: logger),
            KeyringWatch(
                path: keyringFile, vault: vault, gateway: gateway, logger: logger, factory: registry),
            KeyRowsService(ledger: database.ledger, vault: vault, metrics: database.metrics),
            AuditVerificationService(ledger: database.ledger, factory: registry),
        ]
        if let tls { services.append(tls) }
        services += servers
        if let socket {
            services.append(NotifyService(socket: socket, gateway: gateway, eventLoopGroup: group))
        }
        return services
    }

    /// What is cheaper to ask for at each scrape than to keep up to date.
    private func watch(_ gateway: Gateway, _ database: Database) {
        let process = ProcessMetrics(factory: registry)
        registry.onCollect { [registry] in
            gateway.recordHoldings()
            database.recordPools()
            process.record()
            MetricCatalogue.record(isReady: gateway.isReady, factory: registry)
        }
    }

    /// Spans go to whatever tracer was bootstrapped before; nobody takes them where none was.
    private var tracer: (any Tracer)? {
        let tracer = InstrumentationSystem.tracer
        return tracer is NoOpTracer ? nil : tracer
    }

    private func reportDesk(_ source: Ledger) -> ReportDesk? {
        adminTokens.map { tokens in
            ReportDesk(tokens: tokens) { request, sink in
                try await UsageReportWriter(source: source).write(request, isServed: true, to: sink)
            }
        }
    }

    /// Below `info` the service group prints its services with all that they hold.
    private var lifecycleLogger: Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .info)
        return quiet
    }

    private func gateway(_ database: Database, client: HTTPProviderClient) throws -> Gateway {
        let ledger = database.ledger
        // For ids and the age of files alone: the first heartbeat sets the clock.
        let wall = clock.now()
        let environment = GatewayEnvironment(
            clock: clock, random: .system,
            replica: ReplicaID(.version7(at: wall, random: RandomSource.system.words())),
            metrics: GatewayMetrics(factory: registry), logger: logger, tracer: tracer, executor: background,
            offload: .thread())
        let journal = try UsageJournal(
            directory: state.path, boot: environment.replica,
            limits: JournalLimits(lanes: ProcessInfo.processInfo.activeProcessorCount),
            made: .version7(at: wall, random: RandomSource.system.words()), now: wall)
        let secrets = ConfinedSecrets(
            directory: settings.text(.secretsDirectory), environment: ProcessInfo.processInfo.environment)
        let world = Gateway.World(
            directory: ledger, tokens: ledger, usage: ledger, journal: journal, statements: ledger,
            client: client, secrets: secrets, quota: ledger, replicas: ledger,
            label: ReplicaLabel(name: HostName.current, program: Bursar.version),
            notices: database.notices)
        let profiles = Dictionary(uniqueKeysWithValues: catalogue.all.map { ($0.id, $0) })
        return Gateway(world: world, vault: vault, profiles: profiles, environment: environment)
    }

    /// A schema that does not fit ends the start; a database that is away does not: it is waited for.
    private func checkSchema(_ ledger: Ledger) async throws {
        let compatibility: Migrator.Compatibility
        do {
            compatibility = try await ledger.compatibility()
        } catch let error as PostgresError where !error.isServerAnswer {
            logger.error(
                "the database is not reachable; trying again until it is",
                metadata: ["error": "\(Failure.advice(on: error))"])
            return
        }
        switch compatibility {
        case .fits: return
        case .behind(let name):
            throw CommandFailure(
                .failed, "the database lacks the migration \(name); run `bursar migrate` first")
        case .tooNew(let name):
            throw CommandFailure(
                .failed,
                "the database is newer than this program: it needs one that knows migration \(name); "
                    + "use a later release")
        }
    }
}

extension PostgresError {
    /// Whether a server answered, as opposed to being away.
    fileprivate var isServerAnswer: Bool {
        if case .server(let error) = self { return !error.sqlState.isConnectionLost }
        return false
    }
}
