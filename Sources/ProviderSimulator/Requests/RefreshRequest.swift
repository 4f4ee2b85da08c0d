// Reads a refresh request (RFC 6749 §6): two form members and nothing else.

extension ReceivedRequest {
    func refreshAsk() throws(Refusal) -> Ask {
        try requireForm()
        guard authorizations.isEmpty else {
            throw Refusal(.invalidRequest, "an Authorization header on a refresh")
        }
        let form = try FormBody(body)
        guard !form.names.contains("client_secret") else {
            throw Refusal(.invalidRequest, "client_secret on a refresh")
        }
        try requireGrant("refresh_token", in: form)
        guard let token = form["refresh_token"] else {
            throw Refusal(.invalidRequest, "refresh_token is missing")
        }
        return .refresh(token: token)
    }
}
