// The way of a granted call: claims, signature, answer.

/// A call that was granted and waits for its signature.
struct Signing: Sendable {
    let call: Call
    let client: ClientID
    let time: Time
    let fault: Fault?
    let claims: Claims
    let key: TokenSigner.Key
    let token: IssuedToken
    let refreshToken: (text: String, token: IssuedToken)?
    /// The answer but for the token, which is put first.
    let otherMembers: JSONObject

    var tokenMember: String {
        call.endpoint == .scoped ? "token" : "access_token"
    }
}

extension SimulatorState {
    /// For `/token` and `/refresh`. Only a full exchange gives a refresh token, where the provider has them.
    mutating func accessSigning(
        _ call: Call, _ client: ClientID, scope: String?, _ fault: Fault?, _ time: Time
    ) -> Signing {
        let life = lifetimes(of: call.provider)
        let now = time.simulated
        let token = issue(.access, call, client, now, life.accessSeconds)
        let claims = Claims.access(
            call.provider, client, scope: scope, id: newID(bytes: 18), from: now, to: token.expires)
        var refreshToken: (text: String, token: IssuedToken)?
        if call.endpoint == .token, let seconds = life.refreshSeconds {
            refreshToken = ("rt_" + newID(bytes: 48), issue(.refresh, call, client, now, seconds))
        }
        var members = JSONObject()
        members["refresh_token"] = refreshToken.map { .string($0.text) }
        members["token_type"] = call.provider.rules.namesTokenType ? .string("Bearer") : nil
        members["expires_in"] = .integer(life.accessSeconds)
        return Signing(
            call: call, client: client, time: time, fault: fault, claims: spoilt(claims, fault, now),
            key: .access, token: token, refreshToken: refreshToken, otherMembers: members)
    }

    mutating func scopedSigning(
        _ call: Call, _ client: ClientID, _ customer: String, _ invoice: String, _ fault: Fault?, _ time: Time
    ) -> Signing {
        let now = time.simulated
        let token = issue(.scoped, call, client, now, lifetimes(of: call.provider).scopedSeconds ?? 900)
        let claims = Claims.scoped(
            client, customer: customer, invoice: invoice, id: newID(bytes: 18), from: now, to: token.expires)
        return Signing(
            call: call, client: client, time: time, fault: fault, claims: spoilt(claims, fault, now),
            key: .scoped, token: token, refreshToken: nil, otherMembers: JSONObject())
    }

    private func issue(
        _ kind: IssuedToken.Kind, _ call: Call, _ client: ClientID, _ now: Moment, _ seconds: Int64
    ) -> IssuedToken {
        IssuedToken(kind: kind, provider: call.provider, client: client, issued: now, expires: now + seconds)
    }

    private func spoilt(_ claims: Claims, _ fault: Fault?, _ now: Moment) -> Claims {
        guard case .claims(let change) = fault?.effect else { return claims }
        var claims = claims
        change(&claims, now)
        return claims
    }

    /// Makes the answer around the signed token, and remembers the token if it goes out unspoilt.
    mutating func conclude(_ signing: Signing, token: String) -> Reply {
        let name = signing.tokenMember
        var object = JSONObject([(name, .string(token))] + signing.otherMembers.members)
        if case .members(let change) = signing.fault?.effect { change(&object) }
        var reply = Reply.json(200, object)
        var isGood = if case .string(token) = object[name] { true } else { false }
        switch signing.fault?.effect {
        case .pace(let change): change(&reply)
        case .bytes(let change):
            var bytes = Array(object.text.utf8)
            change(&bytes)
            reply.body = .bytes(bytes)
            isGood = false
        case .claims: isGood = false
        case nil, .instead, .members: break
        }
        remember(signing, token, isGood: isGood)
        return reply
    }

    private mutating func remember(_ signing: Signing, _ token: String, isGood: Bool) {
        let now = signing.time.simulated
        let digest = isGood ? TokenDigest(of: token) : nil
        let refreshDigest = isGood ? signing.refreshToken.map { TokenDigest(of: $0.text) } : nil
        if let digest { tokens.insert(signing.token, digest, at: now) }
        if let refreshDigest, let refreshToken = signing.refreshToken {
            tokens.insert(refreshToken.token, refreshDigest, at: now)
        }
        end(
            signing.call, signing.client, signing.time, isGood ? .issued : .faulted, 200,
            fault: signing.fault,
            token: digest, refreshToken: refreshDigest)
    }
}
