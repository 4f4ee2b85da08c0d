// Why no connection could be made: for the operator who has to change something.

/// Why no connection could be made.
package struct PostgresConnectionFailure: Sendable, Hashable {
    /// What to look at first. Read off libpq's wording, so a hint and no more.
    package enum Reason: String, Sendable {
        /// The connection string or a session setting is wrong.
        case configuration
        /// The host's name could not be resolved.
        case resolution
        /// Nothing answered at the address.
        case unreachable
        /// The server refused the user or the password.
        case authentication
        /// TLS could not be agreed on or the certificate was refused.
        case encryption
        /// The server answered, and refused: starting up, too many connections, no such database.
        case refused
        /// The server is not of the kind `target_session_attrs` asks for.
        case unsuitable
        /// The server is a primary of a timeline that its cluster has left behind.
        case outdated
        /// The server belongs to another cluster than the one that was met before.
        case otherCluster
    }

    package let reason: Reason
    /// The host (name, address or socket directory) that was tried last, or "" for libpq's default.
    package let host: String
    /// libpq's message with the password masked; nil when it might quote the connection string.
    package let message: String?

    package init(reason: Reason, host: String, message: String? = nil) {
        self.reason = reason
        self.host = host
        self.message = message
    }
}

extension PostgresConnectionFailure: CustomStringConvertible {
    package var description: String {
        let place = host.isEmpty ? "" : " to \(host)"
        return "no PostgreSQL connection\(place) (\(reason.rawValue))" + (message.map { ": \($0)" } ?? "")
    }
}

extension PostgresConnectionFailure.Reason {
    /// Reads the reason off libpq's message, which has no code before a connection stands.
    ///
    /// The process never calls `setlocale`, so the wording is English.
    init(libpqMessage message: String) {
        func says(_ parts: String...) -> Bool { parts.contains { message.contains($0) } }
        if says("translate host name") {
            self = .resolution
        } else if says(
            "session is read-only", "session is not read-only", "server is in hot standby mode",
            "server is not in hot standby mode")
        {
            self = .unsuitable
        } else if says("authentication", "password", "no pg_hba.conf entry", "role \"") {
            self = .authentication
        } else if says("FATAL:", "too many clients") {
            self = .refused
        } else if says("SSL", "certificate", "TLS") {
            self = .encryption
        } else if says("invalid ", "connection option", "could not match") {
            self = .configuration
        } else {
            self = .unreachable
        }
    }
}
