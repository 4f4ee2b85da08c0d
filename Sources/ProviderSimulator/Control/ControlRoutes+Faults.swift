// Control calls that set, show and clear faults.

extension ControlRoutes {
    @Sendable func addFault(_ call: ControlCall) throws(ControlRefusal) -> JSONValue {
        let make = try call.members { (members) throws(ControlRefusal) in try Self.fault(&members) }
        let fault = try simulator.change { (state, _) throws(ControlRefusal) in
            do {
                return try state.faults.add(make)
            } catch {
                throw ControlRefusal("there are too many faults already", status: 507)
            }
        }
        return Self.json(fault)
    }

    private static func fault(
        _ members: inout ControlMembers
    ) throws(ControlRefusal) -> @Sendable (Int) -> Fault {
        let provider = try members.provider()
        let endpoint = try endpoint(try members.text("endpoint"), of: provider)
        let client = try members.optionalText("client_id").map { ClientID($0) }
        let count = try members.optionalInteger("count", in: 1...1_000_000_000)
        let name = try members.text("kind")
        guard let kind = FaultKind.all.first(where: { $0.name == name }) else {
            let names = FaultKind.all.map(\.name).joined(separator: ", ")
            throw ControlRefusal("unknown kind; the kinds are: \(names)")
        }
        let effect = try kind.effect(&members)
        return { number in
            Fault(
                number: number, kind: kind.name, provider: provider, endpoint: endpoint, client: client,
                effect: effect, remaining: count.map { Int($0) })
        }
    }

    /// Nil is any. Faults are for what hands out tokens: `/api/check` has none.
    private static func endpoint(_ name: String, of provider: Provider) throws(ControlRefusal) -> Endpoint? {
        if name == "any" { return nil }
        let endpoints = Endpoint.allCases.filter { $0 != .check && provider.rules.path($0) != nil }
        guard let endpoint = endpoints.first(where: { $0.rawValue == name }) else {
            let names = (endpoints.map(\.rawValue) + ["any"]).joined(separator: ", ")
            throw ControlRefusal("unknown endpoint; those of \(provider.rawValue) are: \(names)")
        }
        return endpoint
    }

    @Sendable func clearFaults(_ call: ControlCall) throws(ControlRefusal) -> JSONValue {
        try call.allowQuery("provider")
        let provider = try call.query["provider"].map { (name) throws(ControlRefusal) in
            try Provider.named(name)
        }
        let count = simulator.change { state, _ in state.faults.clear(provider) }
        return .object(JSONObject([("cleared", .integer(count))]))
    }

    @Sendable func faults(_ call: ControlCall) throws(ControlRefusal) -> JSONValue {
        try call.allowQuery()
        return .array(simulator.change { state, _ in state.faults.faults }.map(Self.json))
    }

    private static func json(_ fault: Fault) -> JSONValue {
        var object = JSONObject([
            ("id", .integer(fault.number)), ("kind", .string(fault.kind)),
            ("provider", .string(fault.provider.rawValue)),
            ("endpoint", .string(fault.endpoint?.rawValue ?? "any")),
        ])
        object["client_id"] = fault.client.map { .string($0.text) }
        object["remaining"] = fault.remaining.map { .integer($0) }
        return .object(object)
    }
}
