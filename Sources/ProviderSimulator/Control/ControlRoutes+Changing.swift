// Control calls that change how the simulator behaves: tokens, lifetimes, clock, reset.

extension ControlRoutes {
    /// About 30 years, for one life and for all advances together.
    private static let mostSeconds: Int64 = 1_000_000_000

    @Sendable func revokeTokens(_ call: ControlCall) throws(ControlRefusal) -> JSONValue {
        let (sha, client, provider) = try call.members { (members) throws(ControlRefusal) in
            (
                try members.optionalText("sha256"), try members.optionalText("client_id"),
                try members.optionalText("provider")
            )
        }
        let named = try provider.map { (name) throws(ControlRefusal) in try Provider.named(name) }
        switch (sha, client) {
        case (let sha?, nil):
            guard let digest = TokenDigest(hex: sha) else {
                throw ControlRefusal("sha256 must be 64 hexadecimal digits")
            }
            let existed = simulator.change { state, _ in state.tokens.revoke(digest) }
            guard existed else { throw ControlRefusal("no token with this SHA-256 was issued", status: 404) }
            return .object(JSONObject([("revoked", .integer(1))]))
        case (nil, let client?):
            let count = simulator.change { state, _ in
                state.tokens.revoke(client: ClientID(client), at: named)
            }
            return .object(JSONObject([("revoked", .integer(count))]))
        case (nil, nil), (.some, .some):
            throw ControlRefusal("give either sha256 or client_id (with provider, if not at all of them)")
        }
    }

    @Sendable func setLifetimes(_ call: ControlCall) throws(ControlRefusal) -> JSONValue {
        let range = 1...Self.mostSeconds
        let (provider, access, refresh, scoped) = try call.members { (members) throws(ControlRefusal) in
            (
                try members.provider(), try members.optionalInteger("access_seconds", in: range),
                try members.optionalInteger("refresh_seconds", in: range),
                try members.optionalInteger("scoped_seconds", in: range)
            )
        }
        let own = provider.rules.lifetimes
        guard refresh == nil || own.refreshSeconds != nil, scoped == nil || own.scopedSeconds != nil else {
            throw ControlRefusal(
                "refresh_seconds is for paymentapi only, scoped_seconds for alternative only"
            )
        }
        let new = simulator.change { state, _ in
            var lifetimes = state.lifetimes(of: provider)
            lifetimes.accessSeconds = access ?? lifetimes.accessSeconds
            lifetimes.refreshSeconds = refresh ?? lifetimes.refreshSeconds
            lifetimes.scopedSeconds = scoped ?? lifetimes.scopedSeconds
            state.setLifetimes(lifetimes, of: provider)
            return lifetimes
        }
        var object = JSONObject([("access_seconds", .integer(new.accessSeconds))])
        object["refresh_seconds"] = new.refreshSeconds.map { .integer($0) }
        object["scoped_seconds"] = new.scopedSeconds.map { .integer($0) }
        return .object(object)
    }

    @Sendable func advanceClock(_ call: ControlCall) throws(ControlRefusal) -> JSONValue {
        let seconds = try call.members { (members) throws(ControlRefusal) in
            try members.integer("advance_seconds", in: 0...Self.mostSeconds)
        }
        let advanced = try simulator.change { (state, _) throws(ControlRefusal) in
            guard state.advancedSeconds + seconds <= Self.mostSeconds else {
                throw ControlRefusal("the clock would be more than \(Self.mostSeconds) seconds ahead")
            }
            state.advancedSeconds += seconds
            return state.advancedSeconds
        }
        return .object(JSONObject([("advanced_seconds", .integer(advanced))]))
    }

    @Sendable func reset(_ call: ControlCall) throws(ControlRefusal) -> JSONValue {
        try call.allowQuery()
        simulator.change { state, _ in state.reset() }
        return Self.done
    }
}
