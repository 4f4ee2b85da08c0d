// Rotations: what may replace what, what is kept for how long, what is withdrawn.
import BursarCore
import BursarTestSupport
import BursarVault
import Postgres
import Testing

@testable import BursarLedger

@Suite struct RotationTests {
    private static let actor = AdministrationTests.actor

    /// A ledger with enrolled tenants and the steps of a rotation.
    private struct World {
        let ledger: Ledger
        let sealing: Sealing
        let tenants: [Tenant]

        func input(
            _ clientID: String, pending: Bool = false, overlap: Duration? = nil, verified: Bool = true
        ) -> CredentialInput {
            var input = AdministrationTests.input(tenants, clientID: clientID, pending: pending)
            (input.overlap, input.isVerified) = (overlap, verified)
            return input
        }

        @discardableResult
        func set(_ input: CredentialInput) async throws -> CredentialOutcome {
            try await ledger.setCredential(input, sealing: sealing, by: actor)
        }

        @discardableResult
        func activate(_ id: CredentialID) async throws -> CredentialOutcome {
            try await ledger.activateCredential(id, by: actor)
        }

        func state(_ id: CredentialID) async throws -> Credential.State {
            try await ledger.credential(id).credential.state
        }

        func isGone(_ id: CredentialID) async throws -> Bool {
            try await !ledger.credentials(of: nil).contains { $0.credential.id == id }
        }

        func connection(_ index: Int = 0) async throws -> ConnectionHealth {
            try await ledger.connections(of: tenants[index].id)[0]
        }

        func addToken(of id: CredentialID) async throws {
            try await ledger.pool.execute(
                """
                INSERT INTO bursar.token_slot
                    (owner_id, slot_digest, credential_id, credential_version, provider, environment)
                SELECT owner_id, decode(repeat('07', 32), 'hex'), credential_id, version, provider,
                    environment
                FROM bursar.credential WHERE credential_id = \(id)
                """)
        }

        func slots() async throws -> Int64 {
            let rows = try await ledger.pool.query("SELECT count(*) AS slots FROM bursar.token_slot")
            return try rows[0].decode("slots", as: Int64.self)
        }

        func refusal(_ body: () async throws -> Void) async -> String? {
            let error = await #expect(throws: LedgerError.self) { try await body() }
            guard case .refused(let text) = error else { return nil }
            return text
        }
    }

    private func lend(_ count: UInt64 = 1, _ body: (World) async throws -> Void) async throws {
        try await TemporaryDatabase.lend { database in
            try await database.withLedger { ledger in
                let sealing = AdministrationTests.sealing(try AdministrationTests.vault())
                let tenants = (1...count).map { AdministrationTests.tenant($0) }
                for tenant in tenants { try await ledger.addTenant(tenant, sealing: sealing, by: Self.actor) }
                try await body(World(ledger: ledger, sealing: sealing, tenants: tenants))
            }
        }
    }

    @Test func aVerifiedCredentialReplacesThePresentOneWhichIsKeptForTheOverlap() async throws {
        try await lend { world in
            let first = try await world.set(world.input("first", verified: false)).credential
            let before = try await world.ledger.changes(since: nil)
            let outcome = try await world.set(world.input("second", overlap: .seconds(3_600)))
            #expect(outcome.former == first && outcome.retired.isEmpty && outcome.credential != first)
            let changes = try await world.ledger.changes(since: before.version)
            #expect(changes.connections.map(\.credential) == [outcome.credential])
            #expect(changes.connections.map(\.former) == [first])
            #expect(Set(changes.credentials.map(\.id)) == [first, outcome.credential])
            #expect(try await world.state(first) == .retiring)
            #expect(try await world.state(outcome.credential) == .active)
            let health = try await world.connection()
            let left = try await world.ledger.pool.query(
                "SELECT \(health.formerUntil) - now() AS left"
            )[0].decode("left", as: PostgresInterval.self).duration
            #expect(left > .seconds(3_500) && left <= .seconds(3_600))
            #expect(try await world.ledger.credential(first).formerOf == [world.tenants[0].id])
            let actions = try await world.ledger.pool.query(
                "SELECT action FROM bursar.audit_event ORDER BY action"
            ).map { try $0.decode("action", as: String.self) }
            #expect(
                actions == ["credential.activated", "credential.set", "credential.set", "tenant.added"])
        }
    }

    @Test func whatWasNotVerifiedReplacesNothing() async throws {
        try await lend { world in
            #expect(try await world.ledger.credentialReplaced(by: world.input("first")) == nil)
            let first = try await world.set(world.input("first", verified: false)).credential
            #expect(try await world.ledger.credentialReplaced(by: world.input("second")) == first)
            let text = await world.refusal { try await world.set(world.input("second", verified: false)) }
            #expect(text?.contains(first.description) == true)
            #expect(try await world.ledger.credentials(of: nil).count == 1)
        }
    }

    @Test func aPendingSuccessorWaitsForItsSecretAndForItsActivation() async throws {
        try await lend { world in
            let first = try await world.set(world.input("first")).credential
            var pending = world.input("second", pending: true, overlap: .seconds(60))
            pending.secret = .missing
            let next = try await world.set(pending).credential
            #expect(try await world.connection().connection.credential == first)
            #expect(try await world.connection().next == next)
            #expect(await world.refusal { try await world.activate(next) }?.contains("lacks") == true)
            #expect(try await world.set(world.input("second", pending: true)).credential == next)
            #expect(try await world.state(next) == .pending)
            #expect(try await world.activate(next).former == first)
            let connection = try await world.connection()
            #expect(connection.connection.credential == next && connection.next == nil)
            let overlap = try await world.ledger.pool.query(
                """
                SELECT retires_at <= now() + interval '60 s' AS short
                FROM bursar.credential WHERE retires_at IS NOT NULL
                """
            ).map { try $0.decode("short", as: Bool.self) }
            #expect(overlap == [true])
        }
    }

    @Test func oneCanGoBackAndForthAndOneFormerIsKeptAtMost() async throws {
        try await lend { world in
            let first = try await world.set(world.input("first")).credential
            let second = try await world.set(world.input("second")).credential
            #expect(try await world.activate(first).former == second)
            #expect(try await world.activate(second).former == first)
            #expect(await world.refusal { try await world.activate(second) }?.contains("already") == true)
            let third = try await world.set(world.input("third"))
            #expect(third.former == second && third.retired == [first])
            #expect(try await world.isGone(first))
            #expect(try await world.connection().connection.former == second)
        }
    }

    @Test func withoutAnOverlapTheFormerAndItsTokensGoAtOnce() async throws {
        try await lend { world in
            let first = try await world.set(world.input("first")).credential
            try await world.addToken(of: first)
            let outcome = try await world.set(world.input("second", overlap: .zero))
            #expect(outcome.former == nil && outcome.retired == [first])
            #expect(try await world.isGone(first))
            #expect(try await world.slots() == 0)
        }
    }

    @Test func onlyWhatIsNotInUseCanBeRetired() async throws {
        try await lend { world in
            let first = try await world.set(world.input("first")).credential
            try await world.addToken(of: first)
            let second = try await world.set(world.input("second")).credential
            let next = try await world.set(world.input("third", pending: true)).credential
            let text = await world.refusal {
                try await world.ledger.retireCredential(second, by: Self.actor)
            }
            #expect(text?.contains(world.tenants[0].id.description) == true)
            for id in [first, next] {
                try await world.ledger.retireCredential(id, by: Self.actor)
                #expect(try await world.isGone(id))
            }
            let connection = try await world.connection()
            #expect(connection.connection.former == nil && connection.next == nil)
            #expect(try await world.slots() == 0)
            await #expect(throws: LedgerError.notFound("there is no credential \(first)")) {
                try await world.ledger.retireCredential(first, by: Self.actor)
            }
        }
    }

    @Test func theEndOfTheOverlapIsFoundByOneReplicaAndAudited() async throws {
        try await lend { world in
            let first = try await world.set(world.input("first")).credential
            try await world.set(world.input("second"))
            #expect(try await world.ledger.retireDueCredentials().isEmpty)
            try await world.ledger.pool.execute(
                "UPDATE bursar.credential SET retires_at = now() WHERE credential_id = \(first)")
            async let one = world.ledger.retireDueCredentials()
            async let other = world.ledger.retireDueCredentials()
            #expect(try await one + other == [first])
            #expect(try await world.connection().connection.former == nil)
            let audit = try await world.ledger.pool.query(
                "SELECT actor FROM bursar.audit_event WHERE action = 'credential.retired'"
            ).map { try $0.decode("actor", as: String.self) }
            #expect(audit == ["gateway"])
        }
    }

    @Test func aPlatformCredentialIsReplacedForExactlyItsTenants() async throws {
        try await lend(3) { world in
            let both = World(
                ledger: world.ledger, sealing: world.sealing, tenants: Array(world.tenants.prefix(2)))
            let one = World(ledger: world.ledger, sealing: world.sealing, tenants: [world.tenants[0]])
            var shared = both.input("first")
            shared.sharesToken = true
            let first = try await both.set(shared).credential
            for wrong in [world, one] {
                let text = await wrong.refusal { try await wrong.set(wrong.input("second")) }
                #expect(text?.contains(world.tenants[1].id.description) == true)
            }
            let second = try await both.set(both.input("second"))
            #expect(second.former == first)
            let use = try await world.ledger.credential(second.credential)
            #expect(use.tenants == both.tenants.map(\.id))
            #expect(use.credential.isPlatform && use.credential.sharesToken, "what was accepted stays so")
            // A third tenant joins it as it is, former one included.
            let name = ConnectionName(
                tenant: world.tenants[2].id, provider: use.credential.provider, environment: .sandbox)
            let join = ConnectionInput(credential: second.credential, origins: nil, keepWarm: nil)
            try await world.ledger.setConnection(name, join, by: Self.actor)
            #expect(try await world.connection(2).connection.former == first)
            #expect(try await world.activate(first).former == second.credential)
            #expect(try await world.ledger.credential(first).tenants.count == 3)
        }
    }

    @Test func aKeptCredentialTakesNoFurtherConnections() async throws {
        try await lend { world in
            let first = try await world.set(world.input("first")).credential
            try await world.set(world.input("second"))
            let connection = try await world.connection().connection
            let name = ConnectionName(
                tenant: connection.tenant, provider: connection.provider, environment: connection.environment)
            let input = ConnectionInput(credential: first, origins: nil, keepWarm: nil)
            let text = await world.refusal {
                try await world.ledger.setConnection(name, input, by: Self.actor)
            }
            #expect(text?.contains("bursar credential activate") == true)
            try await world.set(world.input("third", pending: true))
            try await world.ledger.removeConnection(name, by: Self.actor)
            #expect(try await world.ledger.credentials(of: nil).isEmpty, "all three go with it")
        }
    }

    @Test func aTenantIsDeletedInTheMiddleOfARotation() async throws {
        try await lend(2) { world in
            try await world.set(world.input("first"))
            try await world.set(world.input("second"))
            try await world.set(world.input("third", pending: true))
            for (left, tenant) in [(3, world.tenants[0]), (0, world.tenants[1])] {
                try await world.ledger.deleteTenant(tenant.id, by: Self.actor)
                #expect(try await world.ledger.credentials(of: nil).count == left)
            }
            #expect(try await world.ledger.keyUses().allSatisfy { $0.dataKeys == 0 && $0.peppers == 0 })
        }
    }
}
