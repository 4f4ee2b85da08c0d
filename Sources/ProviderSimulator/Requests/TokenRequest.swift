// Reads a client_credentials request (RFC 6749 §4.4.2) as strictly as the provider's rules say.

extension ReceivedRequest {
    func tokenAsk(_ rules: ProviderRules) throws(Refusal) -> Ask {
        try requireForm()
        let form = try FormBody(body)
        let identity: ClaimedIdentity =
            switch rules.authentication {
            case .formBody: try identityInBody(form)
            case .basicRaw: try identityInHeader(form)
            }
        try requireGrant("client_credentials", in: form)
        if case .refused = rules.otherMembers {
            guard form.names.allSatisfy({ $0 == "grant_type" || $0 == "scope" }) else {
                throw Refusal(.invalidRequest, "a form member other than grant_type")
            }
        }
        let scope = form["scope"]
        guard rules.takesScope || scope == nil else {
            throw Refusal(.invalidScope, "a scope that is not empty")
        }
        return .token(identity, scope: scope)
    }

    private func identityInBody(_ form: FormBody) throws(Refusal) -> ClaimedIdentity {
        guard authorizations.isEmpty else {
            throw Refusal(.invalidRequest, "an Authorization header where the body authenticates")
        }
        guard let id = form["client_id"], let secret = form["client_secret"] else {
            throw Refusal(.invalidClient, "client_id or client_secret is missing from the body")
        }
        return ClaimedIdentity(client: ClientID(id), secret: ClientSecret(secret))
    }

    private func identityInHeader(_ form: FormBody) throws(Refusal) -> ClaimedIdentity {
        guard !form.names.contains("client_secret"), !form.names.contains("client_id") else {
            throw Refusal(.invalidRequest, "client_id or client_secret in the body where Basic authenticates")
        }
        guard let identity = try ClaimedIdentity.basic(authorizations) else {
            throw Refusal(.invalidClient, "no Authorization header")
        }
        return identity
    }

    func requireGrant(_ grant: String, in form: FormBody) throws(Refusal) {
        guard let given = form["grant_type"] else { throw Refusal(.invalidRequest, "grant_type is missing") }
        guard given == grant else { throw Refusal(.unsupportedGrantType, "grant_type is not \(grant)") }
    }

    func requireForm() throws(Refusal) {
        try requireMediaType("application/x-www-form-urlencoded")
    }

    /// Exactly this type; the only parameter it may have is `charset=utf-8`.
    func requireMediaType(_ type: String) throws(Refusal) {
        guard contentTypes.count == 1, let value = contentTypes.first?.lowercased() else {
            throw Refusal(.invalidRequest, "not exactly one Content-Type")
        }
        let parts = value.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" && $0 != "\"" } }
        guard parts.first == type, parts.dropFirst().allSatisfy({ $0 == "charset=utf-8" }) else {
            throw Refusal(.invalidRequest, "Content-Type is not \(type)")
        }
    }
}
