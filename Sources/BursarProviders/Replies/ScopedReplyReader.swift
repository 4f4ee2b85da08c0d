// From the reply of the scoped step to a token that is for the customer and invoice that were asked for
// (PROVIDERS A2).
import BursarCore

enum ScopedReplyReader {
    /// The token, once its claims are those of `grant`. Its signature is not checked: it came by TLS from the
    /// provider itself, and whoever could forge it there could sign it as well.
    static func read(_ reply: ProviderReply, grant: ScopedGrant) -> Result<ScopedReply, ExchangeFailure> {
        do throws(ExchangeFailure) {
            guard let endpoint = grant.profile.scoped else { throw ExchangeFailure(.profileIncomplete) }
            let document = try TokenReplyReader.document(of: reply, step: .scoped)
            let token = try TokenReplyReader.token(at: endpoint.token, in: document)
            guard let claims = JWTPayload.claims(of: token) else { throw ExchangeFailure(.tokenMalformed) }
            try check(claims, endpoint.claims, grant.values)
            let lifetime = try lifetime(claims, grant)
            return .success(ScopedReply(token: token, lifetime: lifetime))
        } catch {
            return .failure(error)
        }
    }

    /// Each claim, as text and byte by byte, must be what its template says: `42` equals "42", but not
    /// "42.0".
    private static func check(
        _ claims: JSONValue, _ wanted: [TemplatedValue], _ values: [String: String]
    ) throws(ExchangeFailure) {
        for claim in wanted {
            guard let expected = claim.template.filled(with: values) else {
                throw ExchangeFailure(.profileIncomplete)
            }
            guard let actual = claims[claim.name]?.scalarText, sameBytes(actual, expected) else {
                throw ExchangeFailure(.claimsMismatch)
            }
        }
    }

    /// `exp` (RFC 7519 §4.1.4) is required, a number, and in the future; the life is capped like any other.
    private static func lifetime(_ claims: JSONValue, _ grant: ScopedGrant) throws(ExchangeFailure)
        -> Duration
    {
        guard case .number = claims["exp"], let exp = claims["exp"] else {
            throw ExchangeFailure(.lifetimeInvalid)
        }
        let left = try Lifetime.number(exp) - Double(grant.now.microseconds) / 1_000_000
        guard left >= 1 else { throw ExchangeFailure(.lifetimeInvalid) }
        let atMost = grant.profile.lifetime.atMost
        return left < atMost.fractionalSeconds ? .seconds(Int64(left)) : atMost
    }
}
