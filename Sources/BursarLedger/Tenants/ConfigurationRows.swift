// The rows of the configuration as Core's values.
internal import BursarCore
internal import Postgres

let tenantColumns = "tenant_id, name, state, limit_count, limit_period_seconds, limit_burst"
let connectionColumns =
    "tenant_id, provider, environment, credential_id, former_credential_id, origins, keep_warm"
let credentialColumns = """
    credential_id, owner_id, provider, environment, version, provider_client_id, secret_sealed,
    secret_key_version, secret_ref, state, shares_token, is_platform
    """

extension Tenant {
    init(row: PostgresRow) throws {
        // The table's own checks keep the limit within RateLimit's bounds.
        let limit = RateLimit(
            count: try row.decode("limit_count", as: Int.self),
            period: .seconds(try row.decode("limit_period_seconds", as: Int.self)),
            burst: try row.decode("limit_burst", as: Int.self))
        self.init(
            id: try row.decode("tenant_id"), name: try row.decode("name"), state: try row.decode("state"),
            limit: limit ?? .standard)
    }
}

extension Connection {
    init(row: PostgresRow) throws {
        self.init(
            tenant: try row.decode("tenant_id"), provider: try row.decode("provider"),
            environment: try row.decode("environment"), credential: try row.decode("credential_id"),
            former: try row.decode("former_credential_id"), origins: try row.decode("origins"),
            keepWarm: try row.decode("keep_warm"))
    }
}

extension Client {
    init(row: PostgresRow) throws {
        self.init(
            id: try row.decode("client_id"), secretHash: try row.decode("secret_hash"),
            pepperVersion: try row.decode("pepper_version"),
            tenants: try row.decode("tenants", as: [PostgresUUID].self).map(TenantID.init),
            provider: try row.decode("provider"), environment: try row.decode("environment"),
            expiresAt: try row.decode("expires_at"))
    }
}

extension Credential {
    init(row: PostgresRow) throws {
        self.init(
            id: try row.decode("credential_id"), owner: try row.decode("owner_id"),
            provider: try row.decode("provider"), environment: try row.decode("environment"),
            version: try row.decode("version"), clientID: try row.decode("provider_client_id"),
            secret: try Source(row: row), state: try row.decode("state"),
            sharesToken: try row.decode("shares_token"), isPlatform: try row.decode("is_platform"))
    }
}

extension Credential.Source {
    fileprivate init(row: PostgresRow) throws {
        if let sealed = try row.decode("secret_sealed", as: [UInt8]?.self),
            let keyVersion = try row.decode("secret_key_version", as: Int?.self)
        {
            self = .sealed(SealedValue(bytes: sealed, keyVersion: keyVersion))
        } else if let reference = try row.decode("secret_ref", as: String?.self) {
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
            owner: try owner ?? row.decode("owner_id"), version: try row.decode("version"),
            keyID: try row.decode("kek_id"), wrapped: try row.decode("wrapped"))
    }
}

extension UUIDIdentifier {
    init(_ value: PostgresUUID) { self.init(UUIDValue(high: value.high, low: value.low)) }

    /// For arrays, which hold PostgreSQL's own type.
    var column: PostgresUUID { PostgresUUID(uuid) }
}
