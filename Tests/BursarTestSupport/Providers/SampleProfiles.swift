// Provider profiles for tests, shaped like the five that are built in.
package import BursarCore

extension ProviderProfile {
    /// The five shapes, by id.
    package static var samples: [ProviderID: ProviderProfile] {
        let all = [zatlas, alternative, phoenix, paymentAPI, zertiban]
        return Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
    }

    /// An hour's token.
    package static var zatlas: ProviderProfile { sample("zatlas", .body) }

    /// An hour's token, and a scoped one for each invoice.
    package static var alternative: ProviderProfile {
        var profile = sample("alternative", .body)
        let values = ["customer_id", "invoice_id"].map { TemplatedValue($0, Template("{\($0)}")!) }
        profile.scoped = ScopedEndpoint(
            path: "/v1/checkout-auth/init", parameters: values,
            claims: values + [TemplatedValue("client_id", Template("{client_id}")!)])
        return profile
    }

    /// An hour's token for browsers.
    package static var phoenix: ProviderProfile { sample("phoenix", .body) }

    /// A quarter of an hour's token with a refresh token that is good for a day.
    package static var paymentAPI: ProviderProfile {
        var profile = sample("paymentapi", .body)
        profile.refresh = RefreshEndpoint(path: "/api/v1/oauth2/refresh")
        return profile
    }

    /// A token of five minutes; scopes are dropped.
    package static var zertiban: ProviderProfile {
        var profile = sample("zertiban", .basicRaw)
        profile.scopes = ScopeRules(allowed: ["payments", "refunds"], ignored: ["openid", "profile", "api"])
        return profile
    }

    private static func sample(_ id: String, _ authentication: ClientAuthentication) -> ProviderProfile {
        ProviderProfile(
            id: ProviderID(id)!, name: id,
            environments: [
                .sandbox: "https://sandbox.\(id).example", .production: "https://\(id).example",
            ],
            token: TokenEndpoint(path: "/oauth2/token", authentication: authentication))
    }
}
