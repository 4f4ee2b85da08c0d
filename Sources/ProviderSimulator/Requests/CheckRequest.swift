// Reads a call to a provider's own API, which here only says whether the token is good.

import FoundationEssentials

extension ReceivedRequest {
    func checkAsk(_ rules: ProviderRules) throws(Refusal) -> Ask {
        guard let bearer = try ClaimedIdentity.bearer(authorizations) else {
            throw Refusal(.noToken, "no Authorization header")
        }
        guard !rules.wantsTenant || (tenantIDs.count == 1 && UUID(uuidString: tenantIDs[0]) != nil) else {
            throw Refusal(.invalidTenant, "x-tenant-id is missing or not a UUID")
        }
        return .check(bearer: bearer)
    }
}
