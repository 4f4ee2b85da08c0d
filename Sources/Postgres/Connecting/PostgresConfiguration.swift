// Where the server is and how long we are willing to wait for it.

/// What stands between us and the server.
package enum PostgresPooler: String, Sendable, CaseIterable {
    /// Nothing, or a pooler that gives each connection a session of its own.
    case none
    /// One that lends a session for each transaction: settings of a session would be left to somebody else.
    case transaction
}

/// How to reach PostgreSQL. Its description never shows the connection string, which may hold a password.
package struct PostgresConfiguration: Sendable {
    /// A libpq URI or conninfo, several hosts allowed; "" leaves everything to libpq's PG* variables.
    let connectionString: String
    let applicationName: String
    let connectTimeout: Duration
    let queryTimeout: Duration
    let sessionSettings: [(String, String)]
    let pooler: PostgresPooler
    let watch: PrimaryWatch?
    /// The place of the only host to try; nil tries them all.
    private(set) var onlyHost: Int?

    /// - Parameters:
    ///   - connectionString: libpq URI or conninfo. TLS by libpq's own rules (`sslmode` and so on).
    ///   - applicationName: unless the connection string or PGAPPNAME names another.
    ///   - connectTimeout: for the whole attempt: names, all hosts, TLS, session settings.
    ///   - queryTimeout: for each statement that names no other; the server's statement_timeout is a little
    ///     less, so that a merely slow statement costs no connection.
    ///   - sessionSettings: settings (`search_path`, …) of every connection, beside those this module makes:
    ///     statement_timeout, idle_in_transaction_session_timeout (5 s), jit, keepalives and
    ///     client_connection_check_interval.
    ///   - pooler: with `.transaction`, settings are made for each transaction, and `sessionSettings` for
    ///     none; a single statement then has our own deadline alone.
    ///   - watch: keeps connections to primaries of its timeline; without one any server will do.
    package init(
        connectionString: String, applicationName: String = "bursar", connectTimeout: Duration = .seconds(5),
        queryTimeout: Duration = .seconds(5), sessionSettings: [(String, String)] = [],
        pooler: PostgresPooler = .none, watch: PrimaryWatch? = nil
    ) {
        self.connectionString = connectionString
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.queryTimeout = queryTimeout
        self.sessionSettings = sessionSettings
        self.pooler = pooler
        self.watch = watch
    }
}

extension PostgresConfiguration {
    /// Whether the connection string leaves open which of several servers is the primary.
    package var choosesAmongPrimaries: Bool {
        guard let options = ConnectionOptions(parsing: connectionString) else { return false }
        let wantsStandby = ["standby", "prefer-standby", "read-only"]
        return ConnectionPlan(options).candidates.count > 1
            && !wantsStandby.contains(options.value("target_session_attrs") ?? "")
    }

    /// For looking at one host, whatever it is: answers in a second or not at all.
    func probing(host: Int) -> PostgresConfiguration {
        var probing = PostgresConfiguration(
            connectionString: connectionString, applicationName: applicationName + "-probe",
            connectTimeout: PrimaryWatch.patience, queryTimeout: PrimaryWatch.patience,
            sessionSettings: sessionSettings, pooler: pooler)
        probing.onlyHost = host
        return probing
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomReflectable {
    package var description: String { "PostgreSQL as \(applicationName)" }

    package var customMirror: Mirror { Mirror(self, children: ["applicationName": applicationName]) }
}
