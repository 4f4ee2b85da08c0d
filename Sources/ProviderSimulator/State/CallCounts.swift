// How often each endpoint was called and what came of it, in all and by client.

/// How a call ended. Every call ends in exactly one of these.
enum Outcome: String, Sendable {
    /// The answer carried a token that is good.
    case issued
    /// `/api/check` found the token good.
    case accepted
    /// The provider said no by its own rules.
    case refused
    /// A fault stood in for the answer or spoilt it.
    case faulted
}

/// What came of the calls to one endpoint.
struct Tally: Sendable {
    /// Counted on arrival; the others when the outcome is known, so they may add up to less for a moment.
    var requests = 0
    var issued = 0
    var accepted = 0
    var refused = 0
    var faulted = 0

    mutating func add(_ outcome: Outcome) {
        switch outcome {
        case .issued: issued += 1
        case .accepted: accepted += 1
        case .refused: refused += 1
        case .faulted: faulted += 1
        }
    }

    var json: JSONValue {
        .object(
            JSONObject([
                ("requests", .integer(requests)), ("issued", .integer(issued)),
                ("refused", .integer(refused)),
                ("faulted", .integer(faulted)), ("accepted", .integer(accepted)),
            ]))
    }
}

/// All tallies. The totals are complete; those by client are kept for the first 200,000 pairs only.
struct CallCounts: Sendable {
    private struct Key: Hashable {
        let provider: Provider
        let endpoint: Endpoint
        let client: ClientID?
    }

    private static let mostKeys = 200_000

    private var tallies: [Key: Tally] = [:]

    mutating func arrived(_ call: Call, from client: ClientID?) {
        change(call, client) { $0.requests += 1 }
    }

    mutating func ended(_ call: Call, from client: ClientID?, _ outcome: Outcome) {
        change(call, client) { $0.add(outcome) }
    }

    private mutating func change(_ call: Call, _ client: ClientID?, _ change: (inout Tally) -> Void) {
        change(&tallies[Key(provider: call.provider, endpoint: call.endpoint, client: nil), default: Tally()])
        guard let client else { return }
        let key = Key(provider: call.provider, endpoint: call.endpoint, client: client)
        guard tallies[key] != nil || tallies.count < Self.mostKeys else { return }
        change(&tallies[key, default: Tally()])
    }

    /// Every provider and endpoint that exists, also with zeros.
    func json(client: ClientID?) -> JSONValue {
        .object(
            JSONObject(
                Provider.allCases.map { provider in
                    (provider.rawValue, .object(endpoints(of: provider, client)))
                }))
    }

    private func endpoints(of provider: Provider, _ client: ClientID?) -> JSONObject {
        JSONObject(
            Endpoint.allCases.map { endpoint in
                let key = Key(provider: provider, endpoint: endpoint, client: client)
                return (endpoint.rawValue, tallies[key, default: Tally()].json)
            })
    }
}
