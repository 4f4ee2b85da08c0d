// All that the simulator knows, as one value; what to do with a call is decided here, without a clock.

/// Everything behind the lock.
struct SimulatorState: Sendable {
    var credentials = CredentialBook()
    var tokens = IssuedTokens()
    var counts = CallCounts()
    var log = CallLog()
    var faults = FaultPlan()
    /// How far the simulator's clock is ahead of the world's.
    var advancedSeconds: Int64 = 0
    private(set) var lifetimes: [Provider: Lifetimes]
    private let startLifetimes: [Provider: Lifetimes]
    private var random: SeededRandom

    init(seed: UInt64, lifetimes: [Provider: Lifetimes]) {
        random = SeededRandom(seed: seed)
        self.lifetimes = lifetimes
        startLifetimes = lifetimes
    }

    func lifetimes(of provider: Provider) -> Lifetimes {
        lifetimes[provider] ?? provider.rules.lifetimes
    }

    mutating func setLifetimes(_ new: Lifetimes, of provider: Provider) {
        lifetimes[provider] = new
    }

    /// Back to the start, but for credentials and tokens.
    mutating func reset() {
        counts = CallCounts()
        log.clear()
        _ = faults.clear(nil)
        advancedSeconds = 0
        lifetimes = startLifetimes
    }
}

/// What is to be done about a call.
enum CallAction: Sendable {
    case answer(Reply)
    /// Sign the claims, then come back to ``SimulatorState/conclude(_:token:)``.
    case sign(Signing)
}

extension SimulatorState {
    /// Judges a call. All is settled at the moment of arrival, also where the answer then travels slowly.
    mutating func decide(_ call: Call, at time: Time) -> CallAction {
        let client = client(of: call)
        let fault = faults.next(for: call, from: client)
        counts.arrived(call, from: client)
        if case .instead(let answer) = fault?.effect {
            var scene = FaultScene(provider: call.provider, endpoint: call.endpoint, random: random)
            let reply = answer(&scene)
            random = scene.random
            end(call, client, time, .faulted, reply.status, fault: fault)
            return .answer(reply)
        }
        do throws(Refusal) {
            return try grant(call, try call.ask.get(), fault, time)
        } catch {
            var reply = call.provider.rules.reply(to: error, at: call.endpoint)
            if case .pace(let change) = fault?.effect { change(&reply) }
            end(call, client, time, .refused, reply.status, fault: fault, reason: error.reason)
            return .answer(reply)
        }
    }

    private mutating func grant(
        _ call: Call, _ ask: Ask, _ fault: Fault?, _ time: Time
    ) throws(Refusal) -> CallAction {
        switch ask {
        case .token(let identity, let scope):
            let client = try credentials.authenticate(identity, at: call.provider)
            return .sign(accessSigning(call, client, scope: scope, fault, time))
        case .refresh(let token):
            let client = try owner(of: token, .refresh, call, time, else: .invalidGrant)
            return .sign(accessSigning(call, client, scope: nil, fault, time))
        case .scoped(let bearer, let customer, let invoice):
            let client = try owner(of: bearer, .access, call, time, else: .invalidToken)
            return .sign(scopedSigning(call, client, customer, invoice, fault, time))
        case .check(let bearer):
            let client = try owner(of: bearer, .access, call, time, else: .invalidToken)
            end(call, client, time, .accepted, 200, fault: fault)
            return .answer(.json(200, JSONObject([("client_id", .string(client.text))])))
        }
    }

    /// Who a live token of this kind and provider was issued to.
    private func owner(
        of token: String, _ kind: IssuedToken.Kind, _ call: Call, _ time: Time, else code: Refusal.Code
    ) throws(Refusal) -> ClientID {
        guard let issued = tokens[TokenDigest(of: token)] else { throw Refusal(code, "unknown token") }
        guard issued.provider == call.provider else { throw Refusal(code, "a token of another provider") }
        guard issued.kind == kind else { throw Refusal(code, "not a token of kind \(kind.rawValue)") }
        guard !issued.revoked else { throw Refusal(code, "a revoked token") }
        guard issued.isLive(at: time.simulated) else { throw Refusal(code, "an expired token") }
        guard kind != .refresh || credentials.knows(issued.client, at: call.provider) else {
            throw Refusal(code, "the client was removed")
        }
        return issued.client
    }

    /// Whose call it is: by the id that it names, or by the token that it carries.
    private func client(of call: Call) -> ClientID? {
        if call.endpoint == .token { return call.claimedClient }
        return call.carriedToken.flatMap { tokens[TokenDigest(of: $0)] }?.client
    }

    mutating func newID(bytes: Int) -> String {
        Base64.urlEncoded(random.bytes(bytes))
    }
}

extension SimulatorState {
    /// Counts and logs the end of a call.
    mutating func end(
        _ call: Call, _ client: ClientID?, _ time: Time, _ outcome: Outcome, _ status: Int, fault: Fault?,
        reason: String? = nil, token: TokenDigest? = nil, refreshToken: TokenDigest? = nil
    ) {
        counts.ended(call, from: client, outcome)
        log.append(
            CallRecord(
                arrived: time.real, provider: call.provider, endpoint: call.endpoint, client: client,
                outcome: outcome, status: status, fault: fault?.kind, reason: reason, token: token,
                refreshToken: refreshToken, carriedToken: call.carriedToken.map { TokenDigest(of: $0) },
                otherMembers: call.otherMembers))
    }
}
