// One PQconnectStart and its polls, up to a session with its settings.
import CLibPQ
import Glibc

/// An attempt at one address.
struct ConnectionAttempt {
    private let configuration: PostgresConfiguration
    private let secrets: [String]
    private var parameters: [String: String]
    private var place = ""

    init(_ configuration: PostgresConfiguration, _ options: ConnectionOptions) {
        self.configuration = configuration
        secrets = options.secrets
        parameters = options.given
        parameters["client_encoding"] = "UTF8"
        parameters["fallback_application_name"] = configuration.applicationName
        // A dropped network is noticed in seconds. A service's entry may say otherwise, so it is asked first.
        if options.given["service"] == nil {
            let keepalives = [
                "keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3",
                "tcp_user_timeout": "5000",
            ]
            parameters.merge(keepalives) { given, _ in given }
        }
    }

    mutating func direct(to candidate: ConnectionPlan.Candidate, address: String?, target: String?) {
        if candidate.host != nil || address != nil {
            parameters["host"] = candidate.host
            // With an address libpq looks nothing up; the name still serves TLS and the password file.
            parameters["hostaddr"] = address
            parameters["port"] = candidate.port
        }
        if let target { parameters["target_session_attrs"] = target }
        place = candidate.host ?? address ?? parameters["host"] ?? ""
    }

    /// A session ready for use, or why not; a failed connection is closed on the way out.
    func connect(until deadline: Deadline) throws(PostgresError) -> Session {
        let keywords = parameters.keys.sorted()
        let connection = Self.withCStrings(keywords) { keywords in
            Self.withCStrings(self.parameters.sorted { $0.key < $1.key }.map(\.value)) { values in
                PQconnectStartParams(keywords, values, 0)
            }
        }
        guard let connection else { throw failure(.unreachable, "out of memory") }
        let session = Session(
            connection, queryTimeout: configuration.queryTimeout, pooler: configuration.pooler)
        try poll(session, until: deadline)
        try configure(session, until: deadline)
        try admit(session, until: deadline)
        return session
    }

    /// The manual's loop: wait for what the last poll asked, on a socket that may be another each time.
    private func poll(_ session: Session, until deadline: Deadline) throws(PostgresError) {
        var wanted = POLLOUT
        while PQstatus(session.connection) != CONNECTION_BAD {
            do throws(PostgresError) {
                _ = try session.wait(for: wanted, until: deadline)
            } catch {
                throw error == .timedOut(.statement) ? .timedOut(.connecting) : error
            }
            switch PQconnectPoll(session.connection) {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: wanted = POLLIN
            case PGRES_POLLING_WRITING: wanted = POLLOUT
            default: throw libpqFailure(session)
            }
        }
        throw libpqFailure(session)
    }

    private func configure(_ session: Session, until deadline: Deadline) throws(PostgresError) {
        guard configuration.pooler == .none else { return }
        let own = session.settings + Self.keepalives
        try set(
            """
            SELECT set_config(name, value, false) FROM unnest(\(own.map(\.name)), \(own.map(\.value)))
                AS own (name, value)
            """, called: "statement_timeout and others", session, until: deadline)
        for (name, value) in configuration.sessionSettings {
            try set("SELECT set_config(\(name), \(value), false)", called: name, session, until: deadline)
        }
    }

    private func set(
        _ query: PostgresQuery, called name: String, _ session: Session, until deadline: Deadline
    ) throws(PostgresError) {
        do throws(PostgresError) {
            _ = try session.run(query, until: deadline)
        } catch {
            guard case .server(let refusal) = error, !refusal.sqlState.spoilsConnection else {
                throw error == .timedOut(.statement) ? .timedOut(.connecting) : error
            }
            throw failure(.configuration, "setting \(name) refused with \(refusal.sqlState)")
        }
    }

    /// How the server finds out that our host is gone: 11 s, as we do the other way round. No
    /// tcp_user_timeout there: it would also end a stream whose consumer takes its time. Unix sockets ignore
    /// these.
    private static let keepalives: [(name: String, value: String)] = [
        ("tcp_keepalives_idle", "5"), ("tcp_keepalives_interval", "2"), ("tcp_keepalives_count", "3"),
    ]

    /// Keeps off a server that is no primary, or one that was left behind.
    private func admit(_ session: Session, until deadline: Deadline) throws(PostgresError) {
        guard let watch = configuration.watch else { return }
        let position: ServerPosition
        do throws(PostgresError) {
            position = try ServerPosition(try session.run(ServerPosition.question, until: deadline).rows.rows)
        } catch {
            guard case .server(let refusal) = error, !refusal.sqlState.spoilsConnection else {
                throw error == .timedOut(.statement) ? .timedOut(.connecting) : error
            }
            let functions = ServerPosition.functions.joined(separator: ", ")
            let advice =
                refusal.sqlState == .insufficientPrivilege
                ? "; GRANT EXECUTE ON FUNCTION \(functions) TO the user that connects" : ""
            throw failure(
                .configuration, "the server does not tell its timeline (\(refusal.sqlState))\(advice)")
        }
        if let objection = watch.objection(to: position) {
            throw failure(objection.reason, objection.message)
        }
        session.standing = position.timeline.map { number in
            TimelineStanding(
                watch: watch, timeline: ServerTimeline(system: position.system, number: number))
        }
    }

    private func libpqFailure(_ session: Session) -> PostgresError {
        let text = PQerrorMessage(session.connection).map { String(cString: $0) } ?? ""
        let masked = secrets.reduce(text) { text, secret in
            text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "…")
        }
        let message = masked.split(separator: "\n").joined(separator: "; ")
        return failure(.init(libpqMessage: text), message)
    }

    private func failure(_ reason: PostgresConnectionFailure.Reason, _ message: String) -> PostgresError {
        .connectionFailed(.init(reason: reason, host: place, message: message))
    }

    /// Lends C strings and the NULL that ends their list.
    private static func withCStrings<R>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R?
    ) -> R? {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { UnsafePointer($0) } + [nil]
        return pointers.withUnsafeBufferPointer { $0.baseAddress.flatMap(body) }
    }
}
