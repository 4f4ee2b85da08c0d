// From a scoped grant to the request that asks for a token of one invoice (PROVIDERS A1).
import BursarCore

enum ScopedRequest {
    /// Fails with `profileIncomplete` when the profile has no such step or a placeholder has no value, and
    /// with `tokenMalformed` when the access token could not stand in a header.
    static func make(_ grant: ScopedGrant) throws(ExchangeFailure) -> ProviderRequest {
        guard let endpoint = grant.profile.scoped else { throw ExchangeFailure(.profileIncomplete) }
        guard grant.accessToken.withBytes({ $0.allSatisfy(isTokenCharacter) }), !grant.accessToken.isEmpty
        else {
            throw ExchangeFailure(.tokenMalformed)
        }
        var members: [RequestMember] = []
        for parameter in endpoint.parameters {
            guard let value = parameter.template.filled(with: grant.values) else {
                throw ExchangeFailure(.profileIncomplete)
            }
            members.append(RequestMember(parameter.name, value))
        }
        return try ProviderRequest(
            method: endpoint.method,
            url: try TokenRequest.url(endpoint.path, grant.profile, grant.environment),
            format: endpoint.body, members: members,
            authorization: "Bearer " + grant.accessToken.revealText())
    }
}
