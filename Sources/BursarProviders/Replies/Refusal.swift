// Replies that are not a token: what each status and `error` member means, by the step that was asked.
import BursarCore

/// The three requests that a provider can refuse.
enum ExchangeStep: Sendable {
    case full, refresh, scoped
}

enum Refusal {
    /// The failure that `reply` stands for by its status; nil for 2xx.
    static func failure(of reply: ProviderReply, step: ExchangeStep) -> ExchangeFailure? {
        switch reply.status {
        case 200..<300: nil
        case 300..<400: ExchangeFailure(.redirectRefused)
        case 429: ExchangeFailure(.rateLimited, retryAfter: RetryAfter.duration(in: reply))
        case 400..<500: ExchangeFailure(clientError(reply, step))
        // RFC 9110 §15.6.4 defines Retry-After for 503; on other 5xx it is a guess of some proxy.
        case 503: ExchangeFailure(.serverError, retryAfter: RetryAfter.duration(in: reply))
        case 500..<600: ExchangeFailure(.serverError)
        default: ExchangeFailure(.replyMalformed)
        }
    }

    /// The failure that a 2xx reply with an `error` member stands for; nil without one. null, false and ""
    /// are how some servers write "no error".
    static func failure(in document: JSONValue, step: ExchangeStep) -> ExchangeFailure? {
        switch document["error"] {
        case nil, .null, .bool(false), .string(""): nil
        case .string("invalid_client") where step == .full: ExchangeFailure(.invalidClient)
        // Whatever is wrong with a refresh, the ladder goes on to a full exchange, and that one judges the
        // credential (PROVIDERS T2).
        case .some: ExchangeFailure(step == .refresh ? .refreshRefused : .errorInReply)
        }
    }

    private static func clientError(_ reply: ProviderReply, _ step: ExchangeStep) -> FailureReason {
        switch step {
        case .refresh: .refreshRefused
        case .scoped: reply.status == 401 ? .tokenRefused : .requestRefused
        case .full: judgesCredential(reply) ? .invalidClient : .requestRefused
        }
    }

    /// Whether the provider has judged id and secret, which quarantines the credential. `invalid_client` says
    /// so under any status (RFC 6749 §5.2). So does 401 alone, whatever its body: providers answer it with
    /// words of their own, Keycloak with `unauthorized_client`; unless the body names a fault of the request.
    /// A 400 or 403 with `unauthorized_client` says the client is known and may not use this grant: not the
    /// secret's fault.
    private static func judgesCredential(_ reply: ProviderReply) -> Bool {
        var code: String?
        if let document = try? JSONReader.read(reply.body), case .string(let text) = document["error"] {
            code = text
        }
        switch code {
        case "invalid_client": return true
        case "invalid_request", "invalid_scope", "unsupported_grant_type": return false
        case .some, .none: return reply.status == 401
        }
    }
}
