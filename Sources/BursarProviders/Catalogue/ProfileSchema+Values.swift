// The kinds of values that only profiles have: URLs, renamed fields, headers, templates.
import BursarCore

extension ProfileSchema {
    var baseURL: Codec<String> {
        Codec(
            read: { (node, key) throws(ProfileError) in
                let text = try Codec<String>.text.read(node, key)
                try check(text, node, key)
                if text.contains("?") {
                    throw ProfileError(node.place, .badValue(key, reason: "must not hold a query"))
                }
                return text
            },
            write: Codec.text.write)
    }

    /// Below the environment's base URL, or absolute.
    var path: Codec<String> {
        Codec(
            read: { (node, key) throws(ProfileError) in
                let text = try Codec<String>.text.read(node, key)
                if text.hasPrefix("https://") || text.hasPrefix("http://") {
                    try check(text, node, key)
                } else if !text.hasPrefix("/") || text.hasPrefix("//") || !ProviderURL.isTarget(text) {
                    let reason =
                        "must be a path that begins with / and is percent-encoded, or an absolute URL"
                    throw ProfileError(node.place, .badValue(key, reason: reason))
                }
                return text
            },
            write: Codec.text.write)
    }

    private func check(_ text: String, _ node: ProfileNode, _ key: String) throws(ProfileError) {
        let url: ProviderURL
        do {
            url = try ProviderURL(text)
        } catch {
            throw ProfileError(node.place, .badValue(key, reason: "\(error)"))
        }
        guard url.isSecure || plainHTTPOnLoopback && url.namesLoopback else {
            throw ProfileError(node.place, .plainHTTP(key))
        }
    }

    /// Names that the provider uses instead; null leaves the member out.
    func names(_ fields: [TokenField]) -> [Field<[TokenField: String?]>] {
        fields.map { field in
            Field(
                name: field.rawValue,
                read: { (node, key, names) throws(ProfileError) in
                    let codec = Codec.text { parameterProblem($0) }.orNull
                    names.updateValue(try codec.read(node, key), forKey: field)
                },
                write: { names in names[field].map(Codec.text.orNull.write) })
        }
    }

    var parameters: Codec<[NamedValue]> {
        .pairs(
            of: .text, make: NamedValue.init, split: { ($0.name, $0.value) }, name: { parameterProblem($0) })
    }

    var headers: Codec<[NamedValue]> {
        .pairs(
            of: .text { HeaderRules.isValue($0) ? nil : "must be printable ASCII without line breaks" },
            make: NamedValue.init, split: { ($0.name, $0.value) },
            name: { HeaderRules.isSettable($0) ? nil : "is no header that a profile may set" })
    }

    var templates: Codec<[TemplatedValue]> {
        .pairs(
            of: .template, make: TemplatedValue.init, split: { ($0.name, $0.template) },
            name: { parameterProblem($0) })
    }

    private func parameterProblem(_ name: String) -> String? {
        (1...128).contains(name.utf8.count) ? nil : "must have a name of 1 to 128 bytes"
    }

    /// A member that stands twice in a request is read by one server as the first and by the next as the
    /// last.
    func checkNames(of profile: ProviderProfile, at node: ProfileNode) throws(ProfileError) {
        let token = profile.token
        let inBody: [TokenField] = token.authentication == .body ? [.clientID, .clientSecret] : []
        try checkOnce(
            ([.grantType, .scope] + inBody).compactMap(token.fields.name) + token.parameters.map(\.name),
            node["token"])
        guard let refresh = profile.refresh else { return }
        let alsoInBody: [TokenField] = refresh.authentication == .body ? [.clientID, .clientSecret] : []
        try checkOnce(
            ([.grantType, .refreshToken] + alsoInBody).compactMap(refresh.fields.name)
                + refresh.parameters.map(\.name), node["refresh"])
    }

    private func checkOnce(_ names: [String], _ node: ProfileNode?) throws(ProfileError) {
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            let place = (node?["parameters"] ?? node?["fields"] ?? node)?.place
            throw ProfileError(place ?? .init(file: "", line: nil), .nameTakenTwice(name))
        }
    }
}

/// RFC 6749 §3.3: a scope is one or more printable characters without space, quote and backslash.
func isScope(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy(isTokenCharacter)
}

let notScope = "must be scopes as in RFC 6749 §3.3"
