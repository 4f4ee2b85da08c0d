// Core's values as columns.
package import BursarCore
package import Postgres

extension UUIDIdentifier {
    package static var postgresType: PostgresType { .uuid }

    package func encode(into bytes: inout [UInt8]) { uuid.encode(into: &bytes) }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        self.init(try UUIDValue(postgres: cell))
    }
}

extension UUIDValue: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .uuid }

    package func encode(into bytes: inout [UInt8]) {
        PostgresUUID(high: high, low: low).encode(into: &bytes)
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        let value = try PostgresUUID(postgres: cell)
        self.init(high: value.high, low: value.low)
    }
}

extension TenantID: PostgresEncodable, PostgresDecodable {}
extension OwnerID: PostgresEncodable, PostgresDecodable {}
extension CredentialID: PostgresEncodable, PostgresDecodable {}
extension ReplicaID: PostgresEncodable, PostgresDecodable {}

extension ClientSecretHash: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .bytea }

    package func encode(into bytes: inout [UInt8]) { self.bytes.encode(into: &bytes) }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        guard let hash = try cell.bytes(as: .bytea).withUnsafeBytes({ ClientSecretHash($0) }) else {
            throw cell.failure(expected: "32 bytes")
        }
        self = hash
    }
}

extension Instant: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .timestamptz }

    package func encode(into bytes: inout [UInt8]) {
        PostgresTimestamp(microseconds: microseconds).encode(into: &bytes)
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        self.init(microseconds: try PostgresTimestamp(postgres: cell).microseconds)
    }
}

/// A value that is text in the database and is checked when it comes back.
protocol TextColumn: PostgresEncodable, PostgresDecodable {
    var text: String { get }
    init?(_ text: String)
}

extension TextColumn {
    package static var postgresType: PostgresType { .text }

    package func encode(into bytes: inout [UInt8]) { text.encode(into: &bytes) }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        guard let value = Self(try String(postgres: cell)) else {
            throw cell.failure(expected: "\(Self.self)")
        }
        self = value
    }
}

/// An enumeration whose cases are text in the database, and of which a start reads very many: decoded by
/// this module's own code, for the reason that `PostgresRow.read` gives.
protocol NameColumn: PostgresEncodable, PostgresDecodable, RawRepresentable<String> {}

extension NameColumn {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        guard let value = Self(rawValue: try String(postgres: cell)) else {
            throw cell.failure(expected: "\(Self.self)", found: "a value that is none")
        }
        self = value
    }
}

extension ProviderID: TextColumn {}
extension ClientID: TextColumn {}
extension ProviderEnvironment: NameColumn {}
extension Tenant.State: NameColumn {}
extension Credential.State: NameColumn {}
extension FailureReason: PostgresEncodable, PostgresDecodable {}
extension RefreshEvent.Cause: PostgresEncodable, PostgresDecodable {}
extension RefreshEvent.Step: PostgresEncodable, PostgresDecodable {}
