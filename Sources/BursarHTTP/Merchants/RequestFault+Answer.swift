// The one place that says what a request with a fault of its own is answered with (docs/API.md section 4).
internal import BursarCore
internal import BursarGateway

extension RequestFault {
    func answer(_ area: Area) -> ErrorAnswer {
        switch self {
        case .pathUnknown:
            ErrorAnswer(.notFound, .invalidRequest, "there is nothing at this path")
        case .methodNotAllowed(let allowed): refusedMethod(allowed)
        case .authenticationMissing:
            unauthenticated(
                area.challenge,
                "no client authentication: send client_id and client_secret by HTTP Basic or in the form, or "
                    + "the client_secret as a Bearer token")
        case .authorizationUnreadable(let flaw): unauthenticated(flaw.challenge(area), flaw.text)
        case .secretTwice:
            invalid("two secrets: send the client_secret either in the Authorization header or in the form")
        case .clientIDMissing: invalid("client_secret is there, but client_id is missing")
        case .clientIDMismatch:
            invalid("client_id in the form is not the one in the Authorization header")
        case .secretInQuery(let name):
            invalid(
                "\(ErrorText.named(name)) does not belong into the URL, which is logged: send it in the "
                    + "form or in the Authorization header, and consider this one known to others")
        case .fieldRepeated(let name): invalid("the \(name) header stands there more than once")
        case .mediaType(let wanted):
            ErrorAnswer(
                .unsupportedMediaType, .invalidRequest, "the body must be sent as Content-Type: \(wanted)")
        case .encoded:
            ErrorAnswer(
                .unsupportedMediaType, .invalidRequest, "send the body without Content-Encoding")
        case .form(let flaw): invalid("the form " + flaw.text)
        case .query(let flaw): invalid("the query " + flaw.text)
        case .json(let flaw): invalid("the body " + flaw.text)
        case .contradiction(let name): invalid("\(name) is given twice, with different values")
        case .tenantMalformed: invalid("x-tenant-id must be the UUID of one of the client's tenants")
        case .providerMalformed:
            ErrorAnswer(.badRequest, .invalidTarget, "provider is not the id of a provider")
        case .environmentUnknown:
            ErrorAnswer(.badRequest, .invalidTarget, "environment must be sandbox or production")
        case .numberMalformed(let name): invalid("\(name) must be a whole number, 0 or more")
        case .grantTypeMissing:
            invalid("grant_type is missing: send grant_type=client_credentials in the form")
        case .grantTypeUnsupported:
            ErrorAnswer(.badRequest, .unsupportedGrantType, "the only grant_type here is client_credentials")
        case .tokenMissing: invalid("token is missing: send the access token that was refused in the form")
        case .memberTooLong(let name):
            invalid("\(ErrorText.named(name)) is longer than \(ScopedRequest.memberLimit) characters")
        case .memberUnprintable(let name):
            invalid("\(ErrorText.named(name)) holds a control character")
        }
    }

    private func invalid(_ text: String) -> ErrorAnswer { ErrorAnswer(.badRequest, .invalidRequest, text) }

    private func unauthenticated(_ challenge: Challenge, _ text: String) -> ErrorAnswer {
        var answer = ErrorAnswer(.unauthorized, .invalidClient, text)
        answer.challenge = challenge
        return answer
    }

    private func refusedMethod(_ allowed: [HTTPMethod]) -> ErrorAnswer {
        let names = allowed.map(\.name).joined(separator: " or ")
        var answer = ErrorAnswer(.methodNotAllowed, .invalidRequest, "this path takes \(names) only")
        answer.allowed = allowed
        return answer
    }
}

extension Authorization.Flaw {
    fileprivate func challenge(_ area: Area) -> Challenge {
        switch self {
        case .schemeUnknown: area.challenge
        case .basicNotBase64, .basicWithoutColon: .basic
        case .bearerMalformed: .bearerRefused
        }
    }

    fileprivate var text: String {
        switch self {
        case .schemeUnknown: "the Authorization header must be Basic or Bearer"
        case .basicNotBase64: "the Authorization header says Basic, but what follows is not base64"
        case .basicWithoutColon:
            "the Authorization header says Basic, but there is no colon between client_id and client_secret"
        case .bearerMalformed: "the Authorization header says Bearer, but no token follows"
        }
    }
}

extension FormMembers.Flaw {
    var text: String {
        switch self {
        case .escape: "holds a % that is not followed by two hexadecimal digits"
        case .notText: "is not UTF-8"
        case .tooMany: "has more than \(FormMembers.mostMembers) parameters"
        case .repeated(let name): "names \(ErrorText.named(name)) more than once"
        }
    }
}

extension JSONMembers.Flaw {
    fileprivate var text: String {
        switch self {
        case .malformed(let offset): "is not JSON: it goes wrong at byte \(offset)"
        case .notText: "is not UTF-8"
        case .notAnObject: "must be a JSON object"
        case .tooMany: "has more than \(JSONMembers.mostMembers) members"
        case .repeated(let name): "names \(ErrorText.named(name)) more than once"
        case .notAString(let name): "must hold strings only, and \(ErrorText.named(name)) is none"
        }
    }
}
