// No sealed cell of a real database opens in the place of another.
import BursarCore
import BursarLedger
import BursarTestSupport
import BursarVault
import Foundation
import Postgres
import Testing

@Suite struct SealedCellsTests {
    private static let other = "1f0e7c52-7f6b-4a52-8f0e-2f5b0a3c9d02"
    private static let waiting = "2a1e7c52-7f6b-4a52-8f0e-2f5b0a3c9d03"

    @Test func swappingAnyTwoSealedCellsOpensNone() async throws {
        try await Bench.lend { bench async throws in
            let clients = try await enrol(bench)
            try await bench.withGateway { gateway async throws in
                for client in clients {
                    for provider in Bench.providers {
                        #expect(try await gateway.token(client, "&provider=\(provider)").status == 200)
                    }
                }
            }
            try await bench.addTenant(Self.waiting)
            // A pending credential's secret is replaced: the same row and column, of another version.
            try await setPending(bench, secret: "first")
            var cells = Set(try await SealedCell.all(in: bench.database))
            try await setPending(bench, secret: "second")
            cells.formUnion(try await SealedCell.all(in: bench.database))

            let columns = Dictionary(grouping: cells, by: \.column).mapValues(\.count)
            #expect(columns["credential.secret"] ?? 0 >= 12 && columns["token_slot.access_token"] ?? 0 >= 10)
            #expect(columns["token_slot.refresh_token"] ?? 0 >= 2, "two tenants' refresh tokens")
            #expect(columns["data_key.wrapped"] == 3 && columns["pepper.wrapped"] == 1)
            #expect(columns["audit_key.wrapped"] == 1)
            let vault = Vault(try Keyring.load(path: bench.folder.path + "/keyring"))
            let keys = cells.compactMap(\.dataKey)
            for cell in cells { try cell.open(cell.bytes, cell.keyVersion, vault, keys) }
            var tried = 0
            for cell in cells {
                for stranger in cells where stranger.place != cell.place {
                    for version in Set([cell.keyVersion, stranger.keyVersion]) {
                        tried += 1
                        #expect(throws: VaultError.self, "\(stranger.column) in \(cell.column)") {
                            try cell.open(stranger.bytes, version, vault, keys)
                        }
                    }
                }
            }
            #expect(tried >= cells.count * (cells.count - 1))
        }
    }

    @Test func aGatewayServesNoTokenThatWasMovedToItsRow() async throws {
        try await Bench.lend { bench async throws in
            let clients = try await enrol(bench)
            try await bench.withGateway { gateway async throws in
                for client in clients { _ = try await gateway.token(client, "&provider=zatlas") }
            }
            try await bench.database.withConnection { connection in
                let moved = try await connection.execute(
                    """
                    UPDATE bursar.token_slot SET access_sealed = other.access_sealed
                    FROM bursar.token_slot AS other
                    WHERE token_slot.provider = 'zatlas' AND other.provider = 'zatlas'
                        AND other.owner_id <> token_slot.owner_id
                    """)
                #expect(moved == 2)
            }
            try await bench.withGateway { gateway async throws in
                for (client, tenant) in zip(clients, [Bench.tenant, Self.other]) {
                    let answer = try await gateway.token(client, "&provider=zatlas")
                    let token = try #require(answer.text("access_token"), "\(answer.body)")
                    #expect(try await bench.simulator.holder(of: token) == "zatlas-\(tenant)")
                }
                #expect(gateway.program.output.contains("a stored token does not open"))
            }
        }
    }

    /// Two tenants on every provider, each with a client.
    private func enrol(_ bench: Bench) async throws -> [Bench.Client] {
        var clients: [Bench.Client] = []
        for tenant in [Bench.tenant, Self.other] {
            try await bench.addTenant(tenant)
            for provider in Bench.providers {
                try await bench.connect(provider, id: "\(provider)-\(tenant)", tenants: [tenant])
            }
            clients.append(try await bench.issueClient([tenant]))
        }
        return clients
    }

    private func setPending(_ bench: Bench, secret: String) async throws {
        let ended = try await bench.bursar(
            "credential", "set", "--provider", "zatlas", "--environment", "sandbox", "--client-id", "p",
            "--secret-stdin", "--tenant", Self.waiting, "--pending", input: secret)
        try #require(ended.status == 0, "\(ended.output)")
    }
}

/// A cell of the database that holds something sealed.
private struct SealedCell: Hashable, Sendable {
    enum Place: Hashable, Sendable {
        case value(SealedPlace)
        /// A key of that table, under the key of that id.
        case key(OwnerID, version: Int, keyID: String, table: String)
    }

    let place: Place
    let bytes: [UInt8]
    let keyVersion: Int

    var column: String {
        switch place {
        case .value(let place): "\(place.table).\(place.column)"
        case .key(_, _, _, let table): "\(table).wrapped"
        }
    }

    var dataKey: WrappedDataKey? {
        guard case .key(let owner, let version, let keyID, "data_key") = place else { return nil }
        return WrappedDataKey(owner: owner, version: version, keyID: keyID, wrapped: bytes)
    }

    /// Opens `bytes` as if they stood in this cell, with `keyVersion` beside them.
    func open(_ bytes: [UInt8], _ keyVersion: Int, _ vault: Vault, _ keys: [WrappedDataKey]) throws {
        switch place {
        case .value(let place):
            let owned = keys.filter { $0.owner == place.owner }
            _ = try vault.open(SealedValue(bytes: bytes, keyVersion: keyVersion), with: owned, at: place)
        case .key(let owner, let version, let keyID, _):
            try vault.check(WrappedDataKey(owner: owner, version: version, keyID: keyID, wrapped: bytes))
        }
    }

    static func all(in database: TemporaryDatabase) async throws -> [SealedCell] {
        try await database.withConnection { connection in
            try await values(connection) + (try await keys(connection))
        }
    }

    private static func values(_ connection: PostgresConnection) async throws -> [SealedCell] {
        try await connection.query(
            """
            SELECT 'credential', 'secret', owner_id, provider, credential_id::text, version, secret_sealed,
                secret_key_version
            FROM bursar.credential WHERE secret_sealed IS NOT NULL
            UNION ALL SELECT 'token_slot', 'access_token', owner_id, provider, encode(slot_digest, 'hex'),
                credential_version, access_sealed, key_version
            FROM bursar.token_slot WHERE access_sealed IS NOT NULL
            UNION ALL SELECT 'token_slot', 'refresh_token', owner_id, provider, encode(slot_digest, 'hex'),
                credential_version, refresh_sealed, key_version
            FROM bursar.token_slot WHERE refresh_sealed IS NOT NULL
            """
        ).map { row in
            let (table, column, owner, provider, name, version, bytes, keyVersion) = try row.decode(
                String.self, String.self, OwnerID.self, String.self, String.self, Int.self, [UInt8].self,
                Int.self)
            let place = SealedPlace(
                table: table, column: column, owner: owner, provider: ProviderID(provider), row: name,
                version: version)
            return SealedCell(place: .value(place), bytes: bytes, keyVersion: keyVersion)
        }
    }

    private static func keys(_ connection: PostgresConnection) async throws -> [SealedCell] {
        try await connection.query(
            """
            SELECT 'data_key', owner_id, version, kek_id, wrapped FROM bursar.data_key
            UNION ALL SELECT 'pepper', \(Vault.pepperOwner), version, kek_id, wrapped FROM bursar.pepper
            UNION ALL SELECT 'audit_key', \(AuditChain.keyOwner), version, kek_id, wrapped
            FROM bursar.audit_key
            """
        ).map { row in
            let (table, owner, version, keyID, wrapped) = try row.decode(
                String.self, OwnerID.self, Int.self, String.self, [UInt8].self)
            return SealedCell(
                place: .key(owner, version: version, keyID: keyID, table: table), bytes: wrapped,
                keyVersion: 0)
        }
    }
}
