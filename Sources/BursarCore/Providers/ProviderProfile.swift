// A payment provider as data: everything in which one provider's token endpoint differs from the next.

/// One provider, read from one YAML file (docs/API.md section 5). No provider has code of its own.
package struct ProviderProfile: Sendable, Equatable {
    package var id: ProviderID
    package var name: String
    /// Base URL by environment; nil where the provider's document does not give the host.
    package var environments: [ProviderEnvironment: String?]
    package var token: TokenEndpoint
    package var scopes: ScopeRules
    package var reply: ReplyPointers
    package var lifetime: LifetimeRules
    package var refresh: RefreshEndpoint?
    package var scoped: ScopedEndpoint?
    package var limits: ProviderLimits

    package init(
        id: ProviderID, name: String, environments: [ProviderEnvironment: String?], token: TokenEndpoint,
        scopes: ScopeRules = .init(), reply: ReplyPointers = .init(), lifetime: LifetimeRules = .init(),
        refresh: RefreshEndpoint? = nil, scoped: ScopedEndpoint? = nil, limits: ProviderLimits = .init()
    ) {
        self.id = id
        self.name = name
        self.environments = environments
        self.token = token
        self.scopes = scopes
        self.reply = reply
        self.lifetime = lifetime
        self.refresh = refresh
        self.scoped = scoped
        self.limits = limits
    }

    /// The absolute URL of `path` in `environment`, or what the profile lacks to build it.
    package func url(_ path: String?, in environment: ProviderEnvironment) throws(ProfileGap) -> String {
        guard let base = environments[environment] else { throw .environmentUnknown(environment) }
        guard let path else { throw .pathMissing }
        if path.hasPrefix("https://") || path.hasPrefix("http://") { return path }
        guard var base else { throw .baseURLMissing(environment) }
        if base.hasSuffix("/") { base.removeLast() }
        return base + path
    }

    /// What is missing before a token can be asked for in `environment`; nil when nothing is.
    package func gap(in environment: ProviderEnvironment) -> ProfileGap? {
        do {
            _ = try url(token.path, in: environment)
            if let refresh { _ = try url(refresh.path, in: environment) }
            if let scoped { _ = try url(scoped.path, in: environment) }
            return nil
        } catch {
            return error
        }
    }
}

/// What a profile lacks; built-in ones lack what the providers' documents do not say.
package enum ProfileGap: Error, Equatable, Sendable {
    case environmentUnknown(ProviderEnvironment)
    case baseURLMissing(ProviderEnvironment)
    case pathMissing
}

/// How the gateway proves who asks.
package enum ClientAuthentication: String, Sendable, CaseIterable {
    /// `Authorization: Basic` over the raw `id:secret`, as `curl -u` sends it (PROVIDERS B1).
    case basicRaw = "basic_raw"
    /// RFC 6749 §2.3.1: each half form-encoded first.
    case basicForm = "basic_form"
    /// Id and secret as members of the body.
    case body
    /// The token as `Authorization: Bearer`; for the scoped step only.
    case bearer
    /// Nothing beside the refresh token itself; for the refresh step only.
    case none
}

/// How the members of a request's body are written.
package enum BodyFormat: String, Sendable, CaseIterable {
    case form, json
}

/// A parameter name and its value, in the order in which the profile lists them.
package struct NamedValue: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// How a token is asked for with id and secret.
package struct TokenEndpoint: Sendable, Equatable {
    /// A path below the environment's base URL, or an absolute URL; nil where the document gives none.
    package var path: String?
    package var authentication: ClientAuthentication
    package var body: BodyFormat
    /// Names that the provider uses instead; nil leaves the member out.
    package var fields: [TokenField: String?]
    package var parameters: [NamedValue]
    package var headers: [NamedValue]

    package init(
        path: String?, authentication: ClientAuthentication, body: BodyFormat = .form,
        fields: [TokenField: String?] = [:], parameters: [NamedValue] = [], headers: [NamedValue] = []
    ) {
        self.path = path
        self.authentication = authentication
        self.body = body
        self.fields = fields
        self.parameters = parameters
        self.headers = headers
    }
}

/// The members of token and refresh requests that a profile may rename or leave out.
package enum TokenField: String, Sendable, CaseIterable {
    case clientID = "client_id"
    case clientSecret = "client_secret"
    case grantType = "grant_type"
    case refreshToken = "refresh_token"
    case scope
}

extension [TokenField: String?] {
    /// The name under which `field` is sent; nil when the profile leaves it out.
    package func name(of field: TokenField) -> String? {
        if let renamed = self[field] { renamed } else { field.rawValue }
    }
}

/// Which scopes callers may ask for, and what becomes of them.
package struct ScopeRules: Sendable, Equatable {
    /// What is asked for when the caller names no scope; nil asks for none (PROVIDERS B2).
    package var standard: String?
    package var allowed: [String]
    /// Accepted from callers and dropped.
    package var ignored: [String]

    package init(standard: String? = nil, allowed: [String] = [], ignored: [String] = []) {
        self.standard = standard
        self.allowed = allowed
        self.ignored = ignored
    }

    /// The scope to ask the provider for, or the first one that is neither allowed nor ignored.
    /// The result is in order and without doubles, so that equal requests share one slot.
    package func resolve(_ requested: String?) throws(UnknownScope) -> String? {
        guard let requested else { return standard }
        let words = requested.split(separator: " ").map(String.init)
        var kept: Set<String> = []
        for word in words where !ignored.contains(word) {
            guard allowed.contains(word) else { throw UnknownScope(scope: word) }
            kept.insert(word)
        }
        return kept.isEmpty ? standard : kept.sorted().joined(separator: " ")
    }
}

/// A scope that the profile neither allows nor ignores.
package struct UnknownScope: Error, Equatable, Sendable {
    package let scope: String
}

/// Where in the reply things stand: JSON pointers (RFC 6901).
package struct ReplyPointers: Sendable, Equatable {
    package var accessToken = "/access_token"
    package var expiresIn: String? = "/expires_in"
    /// An absolute end, RFC 3339 or Unix seconds; nil where the provider sends none.
    package var expiresAt: String?
    package var refreshToken: String? = "/refresh_token"
    package var tokenType: String? = "/token_type"

    package init() {}
}

/// How a reply's word on the token's life is read.
package struct LifetimeRules: Sendable, Equatable {
    /// How long one unit of `expires_in` is.
    package var unit: Duration = .seconds(1)
    package var whenMissing: Duration = .seconds(60)
    package var atMost: Duration = .seconds(86_400)

    package init() {}
}

/// How an access token is renewed by a refresh token (PROVIDERS T1).
package struct RefreshEndpoint: Sendable, Equatable {
    package var path: String?
    package var authentication: ClientAuthentication
    package var body: BodyFormat
    package var fields: [TokenField: String?]
    package var parameters: [NamedValue]
    /// Life of the refresh token, counted from the full exchange. No field of the reply carries it.
    package var refreshTokenLifetime: Duration

    package init(
        path: String?, authentication: ClientAuthentication = .none, body: BodyFormat = .form,
        fields: [TokenField: String?] = [:], parameters: [NamedValue] = [],
        refreshTokenLifetime: Duration = .seconds(86_400)
    ) {
        self.path = path
        self.authentication = authentication
        self.body = body
        self.fields = fields
        self.parameters = parameters
        self.refreshTokenLifetime = refreshTokenLifetime
    }
}

/// The second step that turns a tenant's token into one for a single invoice (PROVIDERS A1, A2).
package struct ScopedEndpoint: Sendable, Equatable {
    package var path: String?
    package var method: String
    package var body: BodyFormat
    package var authentication: ClientAuthentication
    package var parameters: [TemplatedValue]
    /// JSON pointer to the token in the reply.
    package var token: String
    /// What the returned JWT must hold.
    package var claims: [TemplatedValue]

    package init(
        path: String?, method: String = "POST", body: BodyFormat = .json,
        authentication: ClientAuthentication = .bearer, parameters: [TemplatedValue],
        token: String = "/token",
        claims: [TemplatedValue]
    ) {
        self.path = path
        self.method = method
        self.body = body
        self.authentication = authentication
        self.parameters = parameters
        self.token = token
        self.claims = claims
    }

    /// The members that the caller's JSON must have: every placeholder but those the gateway knows itself.
    package var callerMembers: [String] {
        var members: [String] = []
        for value in parameters + claims {
            for name in value.template.placeholders where !ScopedEndpoint.ownMembers.contains(name) {
                if !members.contains(name) { members.append(name) }
            }
        }
        return members
    }

    /// Placeholders that the gateway fills from what it knows; a caller cannot set them.
    package static let ownMembers = ["client_id", "business_uuid"]
}

/// A member or claim and the template of its value.
package struct TemplatedValue: Sendable, Equatable {
    package var name: String
    package var template: Template

    package init(_ name: String, _ template: Template) {
        self.name = name
        self.template = template
    }
}

/// What one provider may take up of this gateway.
package struct ProviderLimits: Sendable, Equatable {
    /// Exchanges under way at once, per provider and environment.
    package var concurrency: Int
    /// Total deadline of one request, from resolving the name to the last byte of the reply.
    package var timeout: Duration

    package init(concurrency: Int = 16, timeout: Duration = .seconds(10)) {
        self.concurrency = concurrency
        self.timeout = timeout
    }
}
