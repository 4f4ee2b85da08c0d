// What a token request asks for, read from header fields, form, JSON and query.
internal import BursarCore
internal import BursarGateway
internal import NIOCore

/// A request for the gateway, and how its caller is to be answered.
struct TokenCall {
    let request: TokenRequest
    let scheme: AuthenticationScheme
    let area: Area

    /// - Parameters:
    ///   - form: the body's members; empty when the call has no form.
    ///   - named: members of a JSON body that say the same as parameters.
    init(
        _ http: HTTPRequest, area: Area, form: FormMembers, named: [String: String] = [:]
    ) throws(RequestFault) {
        let query = try TokenCall.query(http)
        let caller = try CallerProof(http, form: form)
        guard !http.fields.repeated.contains(.tenant) else { throw .fieldRepeated("x-tenant-id") }
        guard !http.fields.repeated.contains(.origin) else { throw .fieldRepeated("Origin") }
        let tenant = try TokenCall.tenant(http.fields.tenant)
        let trace = RequestTrace(id: http.id, context: http.context)
        self.area = area
        scheme = caller.scheme
        guard !form.isBare || !query.isEmpty || !named.isEmpty else {
            request = TokenRequest(
                proof: caller.proof, tenant: tenant, origin: http.fields.origin, trace: trace)
            return
        }
        let parameters = Parameters(form: form, query: query, named: named)
        request = TokenRequest(
            proof: caller.proof, tenant: tenant, provider: try parameters.provider(),
            environment: try parameters.environment(), scope: try parameters.text("scope"),
            demand: try parameters.demand(),
            origin: try parameters.text("origin", besides: http.fields.origin), trace: trace)
    }

    static func tenant(_ field: String?) throws(RequestFault) -> TenantID? {
        guard let field else { return nil }
        guard let tenant = TenantID(field) else { throw .tenantMalformed }
        return tenant
    }

    /// The query, when there are no secrets in it: a URL stands in the logs of everything on its way.
    static func query(_ http: HTTPRequest) throws(RequestFault) -> FormMembers {
        guard !http.query.isEmpty else { return FormMembers() }
        let members: FormMembers
        do throws(FormMembers.Flaw) {
            members = try FormMembers(http.query.utf8)
        } catch {
            throw .query(error)
        }
        for name in secretNames where members.names(name) { throw .secretInQuery(name) }
        return members
    }

    private static let secretNames = ["client_secret", "access_token", "refresh_token", "token"]

    /// The body as a form. An empty body is an empty form, whatever it says it is.
    static func form(_ http: HTTPRequest) throws(RequestFault) -> FormMembers {
        guard http.body.readableBytes > 0 else { return FormMembers() }
        try check(http, is: MediaType.form)
        do throws(FormMembers.Flaw) {
            return try FormMembers(http.body.readableBytesView)
        } catch {
            throw .form(error)
        }
    }

    static func check(_ http: HTTPRequest, is wanted: String) throws(RequestFault) {
        guard !http.fields.repeated.contains(.contentType) else { throw .fieldRepeated("Content-Type") }
        guard http.fields.contentType.map({ MediaType.matches($0, wanted) }) == true else {
            throw .mediaType(wanted)
        }
        guard !http.fields.isEncoded else { throw .encoded }
    }
}

/// Parameters that may stand in the body or in the URL: in both only with the same value.
struct Parameters {
    let form: FormMembers
    let query: FormMembers
    let named: [String: String]

    func text(_ name: String, besides field: String? = nil) throws(RequestFault) -> String? {
        var found = field
        try take(form.text(name), name, into: &found)
        if !query.isEmpty { try take(query.text(name), name, into: &found) }
        if !named.isEmpty { try take(named[name], name, into: &found) }
        return found
    }

    private func take(
        _ value: String?, _ name: String, into found: inout String?
    ) throws(RequestFault) {
        guard let value else { return }
        if let found, found != value { throw .contradiction(name) }
        found = value
    }

    func provider() throws(RequestFault) -> ProviderID? {
        guard let text = try text("provider") else { return nil }
        guard let provider = ProviderID(text) else { throw .providerMalformed }
        return provider
    }

    func environment() throws(RequestFault) -> ProviderEnvironment? {
        guard let text = try text("environment") else { return nil }
        guard let environment = ProviderEnvironment(rawValue: text) else { throw .environmentUnknown }
        return environment
    }

    func demand() throws(RequestFault) -> TokenDemand {
        var demand = TokenDemand()
        if let seconds = try number("min_ttl") { demand.minimumLife = .seconds(min(seconds, longestLife)) }
        if let generation = try number("rejected") { demand.newerThan = Generation(generation) }
        return demand
    }

    /// A year: no token lives so long, and nothing overflows.
    private var longestLife: Int64 { 31_536_000 }

    private func number(_ name: String) throws(RequestFault) -> Int64? {
        guard let text = try text(name) else { return nil }
        let isDigits = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isDigits else { throw .numberMalformed(name) }
        return Int64(text) ?? .max
    }
}
