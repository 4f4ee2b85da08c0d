// Answers that carry a token (docs/API.md section 4). The bytes are written by hand, from the secret
// straight into the answer: a general encoder would make copies of it as text.
internal import BursarCore
internal import BursarGateway

enum TokenAnswers {
    /// RFC 6749 §5.1, with the tenant and generation beside it.
    static func oauth(_ served: ServedToken) -> HTTPResponse {
        response(commonMembers(served))
    }

    /// The same with its times as points in time.
    static func detailed(_ served: ServedToken) -> HTTPResponse {
        var json = commonMembers(served)
        json.member("expires_at", served.token.expiresAt.description)
        json.member("refresh_after", served.token.renewAt.description)
        return response(json)
    }

    /// As the providers' own samples have it (PROVIDERS Z4).
    static func payment(_ served: ServedToken) -> HTTPResponse {
        var json = JSONWriter(capacity: served.token.access.count + 32)
        json.member("accessToken", served.token.access)
        return response(json)
    }

    static func scoped(_ served: ServedScopedToken) -> HTTPResponse {
        var json = JSONWriter(capacity: served.token.count + 64)
        json.member("token", served.token)
        json.member("expires_in", served.lifetime.components.seconds)
        return response(json)
    }

    /// A report of a rejected token has ended; what became of it is nobody's business (RFC 7009 §2.2).
    static func reported() -> HTTPResponse { response(JSONWriter()) }

    private static func commonMembers(_ served: ServedToken) -> JSONWriter {
        var json = JSONWriter(capacity: served.token.access.count + 384)
        json.member("access_token", served.token.access)
        json.member("token_type", "Bearer")
        json.member("expires_in", served.token.secondsLeft(at: served.at))
        // Only where the caller named one: clients compare what they read with what they asked for.
        if let scope = served.scope { json.member("scope", scope) }
        json.member("business_uuid", served.tenant.description)
        json.member("provider", served.provider.text)
        json.member("environment", served.environment.rawValue)
        json.member("generation", served.token.generation.number)
        return json
    }

    private static func response(_ json: consuming JSONWriter) -> HTTPResponse {
        var response = HTTPResponse(.ok, json: json.finished())
        response.add(.confidential)
        return response
    }
}
