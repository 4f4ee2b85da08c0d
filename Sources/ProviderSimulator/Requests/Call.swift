// What a request asks of a provider, once it is read; the readings of the four endpoints stand beside.

/// What is asked for.
enum Ask: Sendable {
    case token(ClaimedIdentity, scope: String?)
    case refresh(token: String)
    case scoped(bearer: String, customer: String, invoice: String)
    case check(bearer: String)
}

/// One request at one endpoint, read but not yet judged against what the simulator knows.
struct Call: Sendable {
    let provider: Provider
    let endpoint: Endpoint
    let ask: Result<Ask, Refusal>
    /// The id that the request names, true or not; known also for many malformed requests.
    var claimedClient: ClientID?
    /// The token that the request carries, good or not.
    var carriedToken: String?
    /// Names of form members that the provider's document does not have.
    var otherMembers: [String] = []
}

extension Call {
    /// Reads a request; `request` is nil when its body was too large to be taken.
    init(provider: Provider, endpoint: Endpoint, request: ReceivedRequest?) {
        self.provider = provider
        self.endpoint = endpoint
        guard let request else {
            ask = .failure(Refusal(.tooLarge, "the body is larger than 1 MiB"))
            return
        }
        let form = endpoint == .token || endpoint == .refresh ? try? FormBody(request.body) : nil
        claimedClient = (try? ClaimedIdentity.basic(request.authorizations))??.client
        claimedClient = claimedClient ?? form?["client_id"].map { ClientID($0) }
        if let client = claimedClient, client.bytes.count > ClientID.longest { claimedClient = nil }
        carriedToken = form?["refresh_token"] ?? (try? ClaimedIdentity.bearer(request.authorizations)) ?? nil
        let known = ["grant_type", "scope", "client_id", "client_secret", "refresh_token"]
        otherMembers =
            form?.names.filter { !known.contains($0) }.prefix(16).map { String($0.prefix(64)) } ?? []
        ask = Result { () throws(Refusal) in
            guard !request.hasQuery else { throw Refusal(.invalidRequest, "the URL has a query") }
            return switch endpoint {
            case .token: try request.tokenAsk(provider.rules)
            case .refresh: try request.refreshAsk()
            case .scoped: try request.scopedAsk()
            case .check: try request.checkAsk(provider.rules)
            }
        }
    }
}
