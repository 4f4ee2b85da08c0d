// From a grant to the request that asks for its token.
import BursarCore

enum TokenRequest {
    /// The request of either step. Fails when the profile lacks a URL (`profileIncomplete`) or the credential
    /// cannot be written in the way that the profile wants (`invalidClient`).
    static func make(_ grant: TokenGrant) throws(ExchangeFailure) -> ProviderRequest {
        switch grant.step {
        case .full: try full(grant)
        case .refresh(let token): try refresh(grant, token)
        }
    }

    private static func full(_ grant: TokenGrant) throws(ExchangeFailure) -> ProviderRequest {
        let endpoint = grant.profile.token
        let proof = try ClientProof(
            endpoint.authentication, id: grant.clientID, secret: grant.clientSecret, fields: endpoint.fields)
        var members: [RequestMember] = []
        if let name = endpoint.fields.name(of: .grantType) {
            members.append(RequestMember(name, "client_credentials"))
        }
        members += proof.members
        if let scope = grant.scope, !scope.isEmpty, let name = endpoint.fields.name(of: .scope) {
            members.append(RequestMember(name, scope))
        }
        members += endpoint.parameters.map { RequestMember($0.name, $0.value) }
        return try ProviderRequest(
            method: "POST", url: try url(endpoint.path, grant.profile, grant.environment),
            format: endpoint.body,
            members: members, authorization: proof.authorization, extra: endpoint.headers)
    }

    /// No scope is sent: without one the new token has the old one's (RFC 6749 §6).
    private static func refresh(_ grant: TokenGrant, _ token: Secret) throws(ExchangeFailure)
        -> ProviderRequest
    {
        guard let endpoint = grant.profile.refresh else { throw ExchangeFailure(.profileIncomplete) }
        let proof = try ClientProof(
            endpoint.authentication, id: grant.clientID, secret: grant.clientSecret, fields: endpoint.fields)
        var members: [RequestMember] = []
        if let name = endpoint.fields.name(of: .grantType) {
            members.append(RequestMember(name, "refresh_token"))
        }
        if let name = endpoint.fields.name(of: .refreshToken) {
            members.append(RequestMember(name, token.reveal()))
        }
        members += proof.members
        members += endpoint.parameters.map { RequestMember($0.name, $0.value) }
        return try ProviderRequest(
            method: "POST", url: try url(endpoint.path, grant.profile, grant.environment),
            format: endpoint.body,
            members: members, authorization: proof.authorization)
    }

    static func url(
        _ path: String?, _ profile: ProviderProfile, _ environment: ProviderEnvironment
    ) throws(ExchangeFailure) -> String {
        do {
            return try profile.url(path, in: environment)
        } catch {
            throw ExchangeFailure(.profileIncomplete)
        }
    }
}
