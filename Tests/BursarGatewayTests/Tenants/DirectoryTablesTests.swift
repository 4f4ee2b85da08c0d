// Tables that followed every change are those that one reading of everything makes.
import BursarCore
import BursarTestSupport
import Testing

@testable import BursarGateway

@Suite struct DirectoryTablesTests {
    @Test(arguments: TestLength.seeds(short: 100, long: 1_000))
    func tablesThatFollowedAreThoseThatAreReadAnew(seeds: Range<UInt64>) async throws {
        for seed in seeds {
            var life = ConfigurationLife(seed: seed)
            for step in 0..<60 {
                life.change()
                guard life.random.next() % 3 > 0 else { continue }  // some are followed together
                try await life.follow()
                guard life.stored == (try await life.rows()) else {
                    Issue.record("seed \(seed), step \(step): \(life.stored) is not what is stored")
                    return
                }
                let (followed, anew) = (life.picture, try await life.pictureMadeAnew())
                guard followed == anew else {
                    Issue.record("seed \(seed), step \(step): \(followed) is not \(anew)")
                    return
                }
            }
        }
    }

    @Test func aChangeTouchesWhatItNamesAlone() async throws {
        let fixture = GatewayFixture()
        let merchants = (0..<5).map { _ in fixture.addMerchant() }
        var tables = DirectoryTables(places: ProviderPlace.samples)
        let all = try await fixture.directory.changes(since: nil)
        _ = tables.apply(all, share: .whole, now: fixture.clock.now())
        fixture.writeKeyring(GatewayFixture.firstKey, GatewayFixture.secondKey)
        fixture.rewrap(under: "test-2")
        let keys = try await fixture.directory.changes(since: all.version)
        let rewrapped = tables.apply(keys, share: .whole, now: fixture.clock.now())
        #expect(keys.dataKeys.count == 5 && !keys.isComplete)
        #expect(rewrapped.made.isEmpty && rewrapped.replaced.isEmpty && rewrapped.credentials.isEmpty)
        fixture.changeCredential(merchants[2].credential) { $0.state = .pending }
        let credential = try await fixture.directory.changes(since: keys.version)
        let changed = tables.apply(credential, share: .whole, now: fixture.clock.now())
        #expect(changed.made.map(\.id) == [merchants[2].tenant])
        #expect(changed.replaced.map(\.id) == [merchants[2].tenant])
    }

    @Test func anEntryThatWasReplacedMakesNoMoreSlots() async throws {
        let fixture = GatewayFixture()
        let merchant = fixture.addMerchant()
        var tables = DirectoryTables(places: ProviderPlace.samples)
        let all = try await fixture.directory.changes(since: nil)
        _ = tables.apply(all, share: .whole, now: fixture.clock.now())
        let (entry, desk) = (try #require(tables.tenants[merchant.tenant]).connections[0], TokenDesk())
        let cell = try #require(try entry.cell(scope: nil, desk: desk))
        entry.close()
        #expect(try entry.cell(scope: nil, desk: desk) === cell)
        #expect(try entry.cell(scope: "other", desk: desk) == nil)
        desk.withdraw(of: [merchant.credential]) { _ in true }
        #expect(cell.isWithdrawn && desk.cells(of: merchant.credential).isEmpty)
        #expect(try entry.cell(scope: nil, desk: desk) === cell, "which says that it has been superseded")
    }
}

extension ProviderPlace {
    static let samples = ProviderPlace.all(of: ProviderProfile.samples.values)
}

/// A configuration that is changed by chance, and tables that follow it.
private struct ConfigurationLife {
    /// Everything that can be seen of tables.
    struct Picture: Equatable {
        var tenants: [TenantID: TenantTerms] = [:]
        var connections: [TenantID: Set<[String]>] = [:]
        var clients: [ClientSecretHash: [String]] = [:]
        var acting: [CredentialID: Set<TenantID>] = [:]
        var users: [CredentialID: Set<TenantID>] = [:]
        var warm: Set<CredentialID> = []
        var endings: [ClientID: Instant] = [:]
        var rotating: Set<TenantID> = []
    }

    private static let providers = [ProviderProfile.zertiban.id, ProviderProfile.zatlas.id]

    var random: SplitMix64
    private let store = MemoryDirectoryStore()
    private var tables = DirectoryTables(places: ProviderPlace.samples)
    private var census = DirectoryCensus()
    private var version: ConfigVersion?
    private let tenants: [TenantID]
    private let credentials: [Credential]
    private let clients: [ClientID]

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        let tenants = (0..<6).map { TenantID(UUIDValue(high: 1, low: $0)) }
        self.tenants = tenants
        // Two of each tenant, and three of nobody's alone.
        credentials = (0..<15).map { (number: Int) in
            let isPlatform = number >= 12
            let nobody = OwnerID(UUIDValue(high: 2, low: UInt64(number)))
            return Credential(
                id: CredentialID(UUIDValue(high: 3, low: UInt64(number))),
                owner: isPlatform ? nobody : OwnerID(tenants[number / 2]),
                provider: Self.providers[number % 2], environment: .sandbox, version: 1,
                clientID: "client", secret: .missing, state: .active, sharesToken: false,
                isPlatform: isPlatform)
        }
        clients = (0..<5).map { ClientID("brc_" + String(repeating: "0", count: 19) + "\($0)")! }
    }

    // MARK: Changing

    mutating func change() {
        switch random.next() % 10 {
        case 0..<2: changeTenant()
        case 2..<5: changeCredential()
        case 5..<8: connect()
        default: changeClient()
        }
    }

    private mutating func changeTenant() {
        let id = tenants.randomElement(using: &random)!
        let (isThere, isActive) = (random.next() % 4 > 0, random.next() % 4 > 0)
        store.change { tables in
            tables.tenants[id] = isThere ? Self.tenant(id, isActive ? .active : .suspended) : nil
            if !isThere { tables.connections = tables.connections.filter { $0.value.tenant != id } }
            tables.touch(id)
        }
    }

    private static func tenant(_ id: TenantID, _ state: Tenant.State) -> Tenant {
        Tenant(id: id, name: "", state: state, limit: .standard)
    }

    /// Connections stay when their credential goes, and work again when it comes back.
    private mutating func changeCredential() {
        var credential = credentials.randomElement(using: &random)!
        let isThere = random.next() % 4 > 0
        credential.state = Credential.State.allCases.randomElement(using: &random)!
        credential.version = Int.random(in: 1...3, using: &random)
        let changed = credential
        store.change { tables in
            tables.credentials[changed.id] = isThere ? changed : nil
            tables.touch(changed.id)
        }
    }

    private mutating func connect() {
        let tenant = tenants.randomElement(using: &random)!
        let usable = credentials.filter { $0.isPlatform || $0.owner == OwnerID(tenant) }
        let present = usable.randomElement(using: &random)!
        let former = random.next() % 3 == 0 ? usable.randomElement(using: &random)!.id : nil
        let connection = Connection(
            tenant: tenant, provider: present.provider,
            environment: ProviderEnvironment.allCases.randomElement(using: &random)!,
            credential: present.id, former: former,
            origins: Array(["https://a.example", "https://b.example"].prefix(Int(random.next() % 3))),
            keepWarm: random.next() % 2 == 0)
        let alone = random.next() % 3 == 0
        store.change { tables in
            if tables.tenants[tenant] == nil { tables.tenants[tenant] = Self.tenant(tenant, .active) }
            if alone { tables.connections = tables.connections.filter { $0.value.tenant != tenant } }
            tables.connect(connection)
        }
    }

    private mutating func changeClient() {
        let id = clients.randomElement(using: &random)!
        let end = random.next() % 2 == 0 ? Instant(seconds: 1_000) : nil
        let client = Client(
            id: id, secretHash: hash(UInt8(random.next() % 200)), pepperVersion: 1, tenants: [],
            provider: nil, environment: nil, expiresAt: end)
        let isThere = random.next() % 4 > 0
        store.change { tables in
            // Hashes differ as those of secrets do.
            let isFree = !tables.clients.values.contains { $0.secretHash == client.secretHash }
            tables.clients[id] = isThere && isFree ? client : nil
            tables.touch(id)
        }
    }

    private func hash(_ byte: UInt8) -> ClientSecretHash {
        ClientSecretHash(repeatElement(byte, count: 32))!
    }

    // MARK: Looking

    mutating func follow() async throws {
        let changes = try await store.changes(since: version)
        guard changes.version != version else { return }
        let effects = tables.apply(changes, share: .whole, now: Instant(seconds: 1))
        census.apply(changes, effects)
        version = changes.version
    }

    /// The connections as the tables would have them stored, and as they are.
    var stored: Set<Connection> { Set(tables.tenants.entries.flatMap(\.stored)) }
    func rows() async throws -> Set<Connection> { Set(try await store.changes(since: nil).connections) }

    func pictureMadeAnew() async throws -> Picture {
        let changes = try await store.changes(since: nil)
        var tables = DirectoryTables(places: ProviderPlace.samples)
        var census = DirectoryCensus()
        census.apply(changes, tables.apply(changes, share: .whole, now: Instant(seconds: 1)))
        return picture(of: tables, census)
    }

    var picture: Picture { picture(of: tables, census) }

    private func picture(of tables: DirectoryTables, _ census: DirectoryCensus) -> Picture {
        var picture = Picture()
        for entry in tables.tenants.entries {
            picture.tenants[entry.id] = entry.terms
            picture.connections[entry.id] = Set(entry.connections.map(Self.words))
        }
        for entry in tables.clientsByHash.entries { picture.clients[entry.secretHash] = Self.words(entry) }
        for credential in credentials {
            picture.acting[credential.id] = tables.tenants(of: credential.id)
            picture.users[credential.id] = tables.users(of: credential.id, owner: credential.owner)
            if tables.isKeptWarm(credential.id) { picture.warm.insert(credential.id) }
        }
        picture.endings = census.endings
        picture.rotating = Set(census.rotating.keys)
        return picture
    }

    private static func words(_ entry: ClientEntry) -> [String] {
        [
            "\(entry.id) \(entry.pepperVersion)", "\(entry.tenants.sorted())",
            "\([entry.provider?.text, entry.environment?.rawValue])",
            entry.expiresAt.map { "\($0.microseconds)" } ?? "",
        ]
    }

    private static func words(_ entry: ConnectionEntry) -> [String] {
        let entries = [entry] + [entry.fallback].compactMap(\.self)
        return entries.map { "\($0.connection) \(words($0.credential))" }
    }

    private static func words(_ entry: CredentialEntry) -> String {
        """
        \(entry.id) \(entry.owner) \(entry.provider) \(entry.environment) \(entry.version) \(entry.state) \
        \(entry.sharesToken) \(entry.isPlatform) \(entry.clientID ?? "") \(entry.secret)
        """
    }
}
