// Every key that a profile may have, as tables: what it fills, what it may hold (docs/API.md section 5).
import BursarCore

/// The tables. What a profile may say depends on one setting only: whether http:// may stand for loopback
/// hosts.
struct ProfileSchema {
    let plainHTTPOnLoopback: Bool

    /// The profile that `node` holds, checked.
    func profile(_ node: ProfileNode) throws(ProfileError) -> ProviderProfile {
        guard let idNode = node["id"], !idNode.isNull else {
            throw ProfileError(node.place, .missingKey("id"))
        }
        let id = try Codec.id.read(idNode, "id")
        let initial = ProviderProfile(
            id: id, name: id.text, environments: [:], token: TokenEndpoint(path: nil, authentication: .body))
        let profile = try Codec.block(initial, fields).read(node, "")
        try checkNames(of: profile, at: node)
        return profile
    }

    /// The tree of `profile`, with every default spelt out.
    func node(_ profile: ProviderProfile) -> ProfileNode { Codec.block(profile, fields).write(profile) }

    private var fields: [Field<ProviderProfile>] {
        [
            .value("id", \.id, .id, required: true),
            .value(
                "name", \.name, .text { (1...80).contains($0.count) ? nil : "must have 1 to 80 characters" }),
            .value("environments", \.environments, .block([:], environments), required: true),
            .value(
                "token", \.token, .block(TokenEndpoint(path: nil, authentication: .body), token),
                required: true),
            .value("scopes", \.scopes, .block(ScopeRules(), scopes)),
            .value("reply", \.reply, .block(ReplyPointers(), reply)),
            .value("lifetime", \.lifetime, .block(LifetimeRules(), lifetime)),
            .block("refresh", \.refresh, .block(RefreshEndpoint(path: nil), refresh)),
            .block("scoped", \.scoped, .block(ScopedEndpoint(path: nil, parameters: [], claims: []), scoped)),
            .value("limits", \.limits, .block(ProviderLimits(), limits)),
        ]
    }

    private var environments: [Field<[ProviderEnvironment: String?]>] {
        let codec = Codec.block(Environment(), [.optional("base_url", \.baseURL, baseURL)])
        return ProviderEnvironment.allCases.map { environment in
            Field(
                name: environment.rawValue,
                read: { (node, key, environments) throws(ProfileError) in
                    guard !node.isNull else { return }
                    environments.updateValue(try codec.read(node, key).baseURL, forKey: environment)
                },
                write: { environments in
                    environments[environment].map { codec.write(Environment(baseURL: $0)) }
                })
        }
    }

    private struct Environment {
        var baseURL: String?
    }

    private var token: [Field<TokenEndpoint>] {
        [
            .optional("path", \.path, path),
            .value(
                "authentication", \.authentication, .choice(of: [.basicRaw, .basicForm, .body]),
                required: true),
            .value("body", \.body, .choice(of: BodyFormat.allCases)),
            .value(
                "fields", \.fields,
                .block([:], names([.clientID, .clientSecret, .grantType, .scope]))),
            .value("parameters", \.parameters, parameters),
            .value("headers", \.headers, headers),
        ]
    }

    private var scopes: [Field<ScopeRules>] {
        [
            .optional(
                "default", \.standard, .text { $0.split(separator: " ").allSatisfy(isScope) ? nil : notScope }
            ),
            .value("allowed", \.allowed, .list(of: .text { isScope($0) ? nil : notScope })),
            .value("ignored", \.ignored, .list(of: .text { isScope($0) ? nil : notScope })),
        ]
    }

    private var reply: [Field<ReplyPointers>] {
        [
            .value("access_token", \.accessToken, .pointer, required: false),
            .optional("expires_in", \.expiresIn, .pointer),
            .optional("expires_at", \.expiresAt, .pointer),
            .optional("refresh_token", \.refreshToken, .pointer),
            .optional("token_type", \.tokenType, .pointer),
        ]
    }

    private var lifetime: [Field<LifetimeRules>] {
        [
            .value("unit", \.unit, .choice([("s", .seconds(1)), ("ms", .milliseconds(1))])),
            .value("when_missing", \.whenMissing, .duration(in: .seconds(1) ... .seconds(86_400))),
            // A month: whatever is meant to live longer is not a token to keep handing out.
            .value("at_most", \.atMost, .duration(in: .seconds(1) ... .seconds(30 * 86_400))),
        ]
    }

    private var refresh: [Field<RefreshEndpoint>] {
        [
            .optional("path", \.path, path),
            .value("authentication", \.authentication, .choice(of: [.none, .body, .basicRaw, .basicForm])),
            .value("body", \.body, .choice(of: BodyFormat.allCases)),
            .value("fields", \.fields, .block([:], names(TokenField.allCases.filter { $0 != .scope }))),
            .value("parameters", \.parameters, parameters),
            .value(
                "refresh_token_lifetime", \.refreshTokenLifetime,
                .duration(in: .seconds(1) ... .seconds(400 * 86_400))),
        ]
    }

    private var scoped: [Field<ScopedEndpoint>] {
        [
            .optional("path", \.path, path),
            .value("method", \.method, .choice([("POST", "POST"), ("PUT", "PUT")])),
            .value("body", \.body, .choice(of: BodyFormat.allCases)),
            .value("authentication", \.authentication, .choice(of: [.bearer])),
            .value("parameters", \.parameters, templates),
            .value("token", \.token, .pointer),
            .value("claims", \.claims, templates),
        ]
    }

    private var limits: [Field<ProviderLimits>] {
        [
            .value("concurrency", \.concurrency, .integer(in: 1...256)),
            .value("timeout", \.timeout, .duration(in: .milliseconds(100) ... .seconds(60))),
        ]
    }
}
