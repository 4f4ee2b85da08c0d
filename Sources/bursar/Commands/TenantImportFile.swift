// The two formats of `bursar tenant import`.
import BursarCore
import BursarLedger
import Foundation
import Yams

/// YAML: `tenants:` with `businessUUID`, `name`, `rate`, `burst` and `connections:` with `provider`,
/// `environment`, `clientID`, `secret_ref`. CSV: the same names as columns, one connection a line.
enum TenantImportFile {
    static let limit = 100_000

    static func parse(_ text: String, name: String) throws -> [TenantImport] {
        let records =
            name.lowercased().hasSuffix(".csv") ? try csv(text, name: name) : try yaml(text, name: name)
        guard records.count <= limit else {
            throw CommandFailure(.failed, "\(name) has more than \(limit) lines; split it")
        }
        var order: [TenantID] = []
        var tenants: [TenantID: TenantImport] = [:]
        for record in records {
            let tenant = try record.tenant()
            if tenants[tenant.id] == nil { order.append(tenant.id) }
            var imported = tenants[tenant.id] ?? TenantImport(tenant: tenant, connections: [])
            guard imported.tenant == tenant else {
                throw CommandFailure(
                    .failed, "\(record.place): the tenant \(tenant.id) stands twice, with differences")
            }
            if let connection = try record.connection() { imported.connections.append(connection) }
            tenants[tenant.id] = imported
        }
        guard !order.isEmpty else { throw CommandFailure(.failed, "\(name) holds no tenant") }
        return order.compactMap { tenants[$0] }
    }

    /// A tenant with at most one connection, as names and texts.
    fileprivate struct Record {
        static let names = [
            "business_uuid", "name", "rate", "burst", "provider", "environment", "client_id", "secret_ref",
        ]
        let place: String
        let values: [String: String]

        func text(_ name: String) -> String? {
            guard let value = values[name], !value.isEmpty else { return nil }
            return value
        }

        func tenant() throws -> Tenant {
            guard let id = text("business_uuid").flatMap({ TenantID($0) }) else {
                throw wrong("business_uuid is not a UUID")
            }
            let name = try text("name") ?? { throw wrong("name is missing") }()
            try TenantCommand.checkName(name)
            let burst = try text("burst").map { try Int($0) ?? { throw wrong("burst is no number") }() }
            let limit = try TenantCommand.limit(rate: text("rate"), burst: burst, former: .standard)
            return Tenant(id: id, name: name, state: .active, limit: limit)
        }

        func connection() throws -> TenantImport.Connection? {
            guard let provider = text("provider") else {
                guard text("environment") == nil, text("client_id") == nil, text("secret_ref") == nil else {
                    throw wrong("a connection needs a provider")
                }
                return nil
            }
            guard let id = ProviderID(provider) else { throw wrong("\(provider) is no provider id") }
            guard let environment = text("environment").flatMap(ProviderEnvironment.init(rawValue:)) else {
                throw wrong("environment is sandbox or production")
            }
            if let reference = text("secret_ref") { try SecretInput.checkReference(reference) }
            return TenantImport.Connection(
                provider: id, environment: environment, clientID: text("client_id"),
                secretReference: text("secret_ref"))
        }

        func wrong(_ text: String) -> CommandFailure { CommandFailure(.failed, "\(place): \(text)") }
    }

    // MARK: YAML

    private static func yaml(_ text: String, name: String) throws -> [Record] {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw CommandFailure(.failed, "\(name): not YAML: \(error)")
        }
        guard let tenants = root?.mapping?["tenants"]?.sequence else {
            throw CommandFailure(.failed, "\(name): expected `tenants:` with a list")
        }
        return try tenants.flatMap { node -> [Record] in
            let tenant = try record(node, name: name, without: ["connections"])
            let connections = try (node.mapping?["connections"]?.sequence).map { sequence in
                try sequence.map { try record($0, name: name, without: []) }
            }
            guard let connections, !connections.isEmpty else { return [tenant] }
            return connections.map { connection in
                Record(
                    place: connection.place,
                    values: connection.values.merging(tenant.values) { _, tenant in tenant })
            }
        }
    }

    private static func record(_ node: Node, name: String, without skipped: [String]) throws -> Record {
        let place = "\(name):\(node.mark?.line ?? 1)"
        guard let mapping = node.mapping else {
            throw CommandFailure(.failed, "\(place): expected a mapping")
        }
        var values: [String: String] = [:]
        for (key, value) in mapping where !skipped.contains(key.string ?? "") {
            try check(key.string ?? "", place: "\(name):\(key.mark?.line ?? 1)")
            values[key.string ?? ""] = value.scalar?.string ?? ""
        }
        return Record(place: place, values: values)
    }

    private static func check(_ key: String, place: String) throws {
        guard !Record.names.contains(key) else { return }
        let nearest = nearestName(to: key, among: Record.names).map { "; did you mean \($0)?" } ?? ""
        throw CommandFailure(.failed, "\(place): there is no member \(key)\(nearest)")
    }

    // MARK: CSV

    private static func csv(_ text: String, name: String) throws -> [Record] {
        let rows = try CSVRows.parse(text, name: name)
        guard let header = rows.first else { return [] }
        for column in header.cells { try check(column, place: "\(name):1") }
        return try rows.dropFirst().map { row in
            let place = "\(name):\(row.line)"
            guard row.cells.count == header.cells.count else {
                throw CommandFailure(
                    .failed, "\(place): \(row.cells.count) cells where the header has \(header.cells.count)")
            }
            return Record(
                place: place, values: Dictionary(zip(header.cells, row.cells)) { first, _ in first })
        }
    }
}
