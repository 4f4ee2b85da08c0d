// The one place that says what a refusal of the gateway is answered with (docs/API.md section 4).
internal import BursarCore
internal import BursarGateway

/// Which family of paths is asked: they differ in two things.
enum Area {
    /// `/oauth2/…`: RFC 6749 knows no 403.
    case oauth
    /// `/v1/…`, `/api/…`.
    case api

    var forbidden: HTTPStatus {
        switch self {
        case .oauth: .badRequest
        case .api: .forbidden
        }
    }

    /// The challenge for a caller who tried nothing.
    var challenge: Challenge {
        switch self {
        case .oauth: .basic
        case .api: .bearer
        }
    }
}

extension Refusal {
    /// - Parameter scheme: what the caller authenticated with.
    func answer(_ area: Area, scheme: AuthenticationScheme) -> ErrorAnswer {
        switch self {
        case .clientUnknown:
            var answer = ErrorAnswer(
                .unauthorized, .invalidClient, "unknown client, wrong secret, or expired", fault: fault)
            answer.challenge = scheme.challenge(area)
            return answer
        case .tenantNotNamed:
            return ErrorAnswer(
                .badRequest, .invalidRequest,
                "this client acts for several tenants: name one in the x-tenant-id header", fault: fault)
        case .tenantNotTheirs:
            return forbidden(area, "this client does not act for the tenant in x-tenant-id")
        case .tenantSuspended: return forbidden(area, "the tenant is suspended")
        case .originRefused: return forbidden(area, "this origin is not listed for the connection")
        case .sharedTokenRefused:
            return forbidden(
                area,
                "the token of this credential acts for other tenants too, and sharing it was not accepted"
            )
        case .targetUnknown(let choices):
            return target("no such connection" + ChoiceText.offer(choices))
        case .targetAmbiguous(let choices):
            return target("name provider and environment" + ChoiceText.offer(choices))
        case .scopedUnsupported: return target("this provider has no tokens for a single invoice")
        case .scopeUnknown(let scope):
            return ErrorAnswer(
                .badRequest, .invalidScope, "the provider has no scope \(ErrorText.named(scope))",
                fault: fault)
        case .memberMissing(let name):
            return ErrorAnswer(
                .badRequest, .invalidRequest, "the member \(ErrorText.named(name)) is missing", fault: fault)
        case .credentialPending:
            return ErrorAnswer(
                .badRequest, .unauthorizedClient,
                "the credential with the provider is pending: activate it when the provider has issued it",
                fault: fault)
        case .credentialRejected:
            return ErrorAnswer(
                .badRequest, .unauthorizedClient,
                "the provider rejected the stored credential: store the right one", fault: fault)
        case .limited(let retryAfter):
            return ErrorAnswer(
                .tooManyRequests, retryAfter: retryAfter,
                "the tenant has spent its limit: keep tokens until they expire; come back after Retry-After",
                fault: fault)
        case .unavailable(let reason, let retryAfter): return later(retryAfter, reason.text)
        case .directoryUnavailable:
            return later(
                Refusal.databasePause,
                "this client is not known here, and whether it exists cannot be looked up at the moment")
        case .statementUnrecorded:
            return later(
                Refusal.databasePause, "the statement behind this token cannot be recorded at the moment")
        case .profileIncomplete:
            return later(
                Refusal.profilePause,
                "the gateway does not know this provider's address yet: the profile must be completed"
            )
        }
    }

    private static let databasePause: Duration = .seconds(1)
    /// An operator has to act first; asking every second would not help.
    private static let profilePause: Duration = .seconds(60)

    private func later(_ pause: Duration, _ text: String) -> ErrorAnswer {
        ErrorAnswer(.serviceUnavailable, retryAfter: pause, text, fault: fault)
    }

    private func forbidden(_ area: Area, _ text: String) -> ErrorAnswer {
        ErrorAnswer(area.forbidden, .unauthorizedClient, text, fault: fault)
    }

    private func target(_ text: String) -> ErrorAnswer {
        ErrorAnswer(.badRequest, .invalidTarget, text, fault: fault)
    }
}

extension FailureReason {
    /// What a caller may know. The reason's own name is one of ours, and no provider's word.
    fileprivate var text: String {
        switch fault {
        case .caller, .credential, .provider:
            "the provider gave no token (\(rawValue)), and no good one is held"
        case .gateway: "the gateway could not get a token (\(rawValue)), and no good one is held"
        }
    }
}

extension AuthenticationScheme {
    fileprivate func challenge(_ area: Area) -> Challenge {
        switch self {
        case .basic: .basic
        case .bearer: .bearerRefused
        case .form: area.challenge
        }
    }
}

/// The connections that there are, as `zertiban/sandbox, zertiban/production`.
enum ChoiceText {
    /// A sentence stays readable, and a tenant has about as many.
    private static let most = 20

    static func offer(_ choices: [ConnectionChoice]) -> String {
        guard !choices.isEmpty else { return ": this tenant has no connection yet" }
        let texts = Set(choices.map { "\($0.provider)/\($0.environment)" }).sorted()
        let more = texts.count > most ? ", and \(texts.count - most) more" : ""
        return ": there are " + texts.prefix(most).joined(separator: ", ") + more
    }
}
