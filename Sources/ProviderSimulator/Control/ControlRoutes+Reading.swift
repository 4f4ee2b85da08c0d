// Control calls that only look: counts, log, one token.

extension ControlRoutes {
    @Sendable func counts(_ call: ControlCall) throws(ControlRefusal) -> JSONValue {
        try call.allowQuery("client_id")
        let client = call.query["client_id"].map { ClientID($0) }
        return simulator.change { state, _ in state.counts }.json(client: client)
    }

    @Sendable func log(_ call: ControlCall) throws(ControlRefusal) -> JSONValue {
        try call.allowQuery("since")
        guard let since = Int64(call.query["since"] ?? "0"), since >= 0 else {
            throw ControlRefusal("since must be a number of a log entry, 0 or more")
        }
        return .array(simulator.change { state, _ in state.log.since(since) }.map(\.json))
    }

    @Sendable func token(_ call: ControlCall) throws(ControlRefusal) -> JSONValue {
        try call.allowQuery()
        guard let digest = call.subject.flatMap({ TokenDigest(hex: $0) }) else {
            throw ControlRefusal("the path must end in the SHA-256 of a token, 64 hexadecimal digits")
        }
        let (token, now) = simulator.change { state, time in (state.tokens[digest], time.simulated) }
        guard let token else { throw ControlRefusal("no token with this SHA-256 was issued", status: 404) }
        return .object(
            JSONObject([
                ("sha256", .string(digest.hex)), ("kind", .string(token.kind.rawValue)),
                ("provider", .string(token.provider.rawValue)), ("client_id", .string(token.client.text)),
                ("issued_at_us", .integer(token.issued.microseconds)),
                ("expires_at_us", .integer(token.expires.microseconds)), ("revoked", .bool(token.revoked)),
                ("live", .bool(token.isLive(at: now))),
            ]))
    }

    @Sendable func clock(_ call: ControlCall) throws(ControlRefusal) -> JSONValue {
        try call.allowQuery()
        return simulator.change { state, time in
            .object(
                JSONObject([
                    ("now_us", .integer(time.simulated.microseconds)),
                    ("advanced_seconds", .integer(state.advancedSeconds)),
                ]))
        }
    }
}
