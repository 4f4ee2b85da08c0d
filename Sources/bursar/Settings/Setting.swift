// Every setting, declared once.

/// A setting's key is its environment variable without `BURSAR_`, in lower case with dashes:
/// `BURSAR_HTTP_PORT`, `--set http-port=…`, and `http-port:` in the file.
enum Setting: String, CaseIterable {
    case databaseURL = "database-url"
    case databaseListen = "database-listen"
    case databasePooler = "database-pooler"
    case keyringFile = "keyring-file"
    case httpHost = "http-host"
    case httpPort = "http-port"
    case adminHost = "admin-host"
    case adminPort = "admin-port"
    case adminTokensFile = "admin-tokens-file"
    case publicURL = "public-url"
    case providerCAFile = "provider-ca-file"
    case tlsCertificateFile = "tls-certificate-file"
    case tlsKeyFile = "tls-key-file"
    case httpBehindTLSProxy = "http-behind-tls-proxy"
    case drainSeconds = "drain-seconds"
    case stateDirectory = "state-dir"
    case providersDirectory = "providers-dir"
    case providerNetworks = "provider-networks"
    case secretsDirectory = "secrets-dir"
    case reportZone = "report-zone"
    case logLevel = "log-level"
    case logFormat = "log-format"

    /// What a value that nobody has set names as its source.
    static let defaultSource = "default"

    var environmentName: String {
        "BURSAR_" + rawValue.uppercased().replacing("-", with: "_")
    }

    /// What `config show` and the documentation say of it.
    var meaning: String {
        switch self {
        case .databaseURL: "libpq URI or conninfo of PostgreSQL; empty uses libpq's own PG* variables"
        case .databaseListen: "true hears of changes on a connection of its own; false finds them by polling"
        case .databasePooler: "what pools in front of PostgreSQL: none (or whole sessions), or transaction"
        case .keyringFile: "key-encryption keys, one `id:base64(32 bytes)` a line"
        case .httpHost: "merchant side: address to listen on"
        case .httpPort: "merchant side: port"
        case .adminHost: "admin side: address to listen on"
        case .adminPort: "admin side: port"
        case .adminTokensFile: "who may read reports, one `role:name:sha256-hex of a bearer token` a line"
        case .publicURL: "how merchants reach the gateway; issuer in its metadata"
        case .providerCAFile: "further certificate authorities for providers, PEM"
        case .tlsCertificateFile: "certificate chain for both sides, PEM"
        case .tlsKeyFile: "its private key, PEM"
        case .httpBehindTLSProxy: "true where a proxy in front ends TLS"
        case .drainSeconds: "seconds for which it serves on after SIGTERM while /readyz says 503, 0 to 8"
        case .stateDirectory: "this replica's own files"
        case .providersDirectory: "provider profiles beside the built-in ones"
        case .providerNetworks: "addresses that providers may have: public, loopback-too, or CIDRs"
        case .secretsDirectory: "the folder that --secret-ref file:NAME may read"
        case .reportZone: "IANA zone whose months are reported; fixed once one is closed"
        case .logLevel: "trace, debug, info, notice, warning, error or critical"
        case .logFormat: "text or json"
        }
    }

    /// Nil has no default of its own.
    var standard: String? {
        switch self {
        case .databaseURL, .keyringFile, .adminTokensFile, .publicURL, .providerCAFile,
            .tlsCertificateFile, .tlsKeyFile, .providersDirectory, .secretsDirectory:
            nil
        case .databasePooler: "none"
        case .httpHost, .adminHost: "127.0.0.1"
        case .httpPort: "8080"
        case .adminPort: "8081"
        case .httpBehindTLSProxy: "false"
        case .databaseListen: "true"
        case .drainSeconds: "2"
        case .stateDirectory: ".bursar/state"
        case .providerNetworks: "public"
        case .reportZone: "UTC"
        case .logLevel: "info"
        case .logFormat: "text"
        }
    }

    /// Its file in `$CREDENTIALS_DIRECTORY`; whether the file holds the value or is the value.
    var credential: (name: String, isPath: Bool)? {
        switch self {
        case .databaseURL: ("database-url", false)
        case .keyringFile: ("keyring", true)
        case .tlsCertificateFile: ("tls-certificate", true)
        case .tlsKeyFile: ("tls-key", true)
        default: nil
        }
    }

    /// A variable that the service manager sets, which stands before the default.
    var inherited: String? {
        switch self {
        case .stateDirectory: "STATE_DIRECTORY"
        case .secretsDirectory: "CREDENTIALS_DIRECTORY"
        default: nil
        }
    }

    /// Reads `http_port`, `HTTP-PORT` and `http.port` as `http-port`.
    init?(key: String) {
        self.init(rawValue: key.lowercased().replacing("_", with: "-").replacing(".", with: "-"))
    }
}
