// The rows of the configuration as Core's values.
internal import BursarCore
internal import Postgres

let termColumns = "tenant_id, state, limit_count, limit_period_seconds, limit_burst"
let tenantColumns = "name, \(termColumns)"
let connectionColumns =
    "tenant_id, provider, environment, credential_id, former_credential_id, origins, keep_warm"
let credentialColumns = """
    credential_id, owner_id, provider, environment, version, provider_client_id, secret_sealed,
    secret_key_version, secret_ref, state, shares_token, is_platform
    """

extension PostgresRow {
    /// `decode`, of which the compiler makes one for each type within this module. The other one looks types
    /// up while it runs, and a start reads tens of millions of cells.
    func read<T: PostgresDecodable>(_ column: String) throws(PostgresError) -> T {
        try T(postgres: cell(column))
    }

    /// Nil is NULL.
    func readOptional<T: PostgresDecodable>(_ column: String) throws(PostgresError) -> T? {
        let cell = try cell(column)
        return cell.bytes == nil ? nil : try T(postgres: cell)
    }
}

extension TenantTerms {
    init(row: PostgresRow) throws {
        // The table's own checks keep the limit within RateLimit's bounds.
        let limit = RateLimit(
            count: try row.read("limit_count"), period: .seconds(try row.read("limit_period_seconds") as Int),
            burst: try row.read("limit_burst"))
        self.init(
            id: try row.read("tenant_id"), state: try row.read("state"), limit: limit ?? .standard)
    }
}

extension Tenant {
    init(row: PostgresRow) throws {
        let terms = try TenantTerms(row: row)
        self.init(id: terms.id, name: try row.read("name"), state: terms.state, limit: terms.limit)
    }
}

extension Connection {
    init(row: PostgresRow) throws {
        self.init(
            tenant: try row.read("tenant_id"), provider: try row.read("provider"),
            environment: try row.read("environment"), credential: try row.read("credential_id"),
            former: try row.readOptional("former_credential_id"), origins: try row.read("origins"),
            keepWarm: try row.read("keep_warm"))
    }
}

extension Client {
    /// `tenants` are the ones that it acts for, in their order.
    init(row: PostgresRow, tenants: [TenantID]) throws {
        self.init(
            id: try row.read("client_id"), secretHash: try row.read("secret_hash"),
            pepperVersion: try row.read("pepper_version"), tenants: tenants,
            provider: try row.readOptional("provider"), environment: try row.readOptional("environment"),
            expiresAt: try row.readOptional("expires_at"))
    }
}

extension Credential {
    init(row: PostgresRow) throws {
        self.init(
            id: try row.read("credential_id"), owner: try row.read("owner_id"),
            provider: try row.read("provider"), environment: try row.read("environment"),
            version: try row.read("version"), clientID: try row.readOptional("provider_client_id"),
            secret: try Source(row: row), state: try row.read("state"),
            sharesToken: try row.read("shares_token"), isPlatform: try row.read("is_platform"))
    }
}

extension Credential.Source {
    fileprivate init(row: PostgresRow) throws {
        if let sealed: [UInt8] = try row.readOptional("secret_sealed"),
            let keyVersion: Int = try row.readOptional("secret_key_version")
        {
            self = .sealed(SealedValue(bytes: sealed, keyVersion: keyVersion))
        } else if let reference: String = try row.readOptional("secret_ref") {
            self = .reference(reference)
        } else {
            self = .missing
        }
    }
}

extension WrappedDataKey {
    /// A row of `data_key`; `owner` stands in where the table has none, as the pepper's.
    init(row: PostgresRow, owner: OwnerID? = nil) throws {
        self.init(
            owner: try owner ?? row.read("owner_id"), version: try row.read("version"),
            keyID: try row.read("kek_id"), wrapped: try row.read("wrapped"))
    }
}

extension UUIDIdentifier {
    init(_ value: PostgresUUID) { self.init(UUIDValue(high: value.high, low: value.low)) }

    /// For arrays, which hold PostgreSQL's own type.
    var column: PostgresUUID { PostgresUUID(uuid) }
}
