// From a provider's reply to a token, or to the reason why there is none.
import BursarCore

enum TokenReplyReader {
    /// Beyond this no header takes it: common servers stop at 8 to 16 KiB.
    private static let longestToken = 16_384

    /// What `reply` says to a request of `step`. Nothing of its text survives but the tokens.
    static func read(
        _ reply: ProviderReply, profile: ProviderProfile, step: ExchangeStep
    ) -> Result<TokenReply, ExchangeFailure> {
        do throws(ExchangeFailure) {
            let document = try document(of: reply, step: step)
            try checkType(in: document, pointer: profile.reply.tokenType)
            let token = try token(at: profile.reply.accessToken, in: document)
            let lifetime = try Lifetime.lifetime(in: document, profile: profile, sentAt: reply.sentAt)
            return .success(
                TokenReply(
                    accessToken: token, lifetime: lifetime, refreshToken: refreshToken(in: document, profile))
            )
        } catch {
            return .failure(error)
        }
    }

    /// The JSON object of a reply that was accepted. The media type is not looked at: providers mislabel
    /// JSON, and HTML does not parse.
    static func document(of reply: ProviderReply, step: ExchangeStep) throws(ExchangeFailure) -> JSONValue {
        if let failure = Refusal.failure(of: reply, step: step) { throw failure }
        guard let document = try? JSONReader.read(reply.body), case .object = document else {
            throw ExchangeFailure(.replyMalformed)
        }
        if let failure = Refusal.failure(in: document, step: step) { throw failure }
        return document
    }

    /// The token that stands at `pointer`, made of characters that may stand in a header.
    static func token(at pointer: String, in document: JSONValue) throws(ExchangeFailure) -> Secret {
        switch JSONPointer(pointer)?.value(in: document) {
        case nil, .null, .string(""): throw ExchangeFailure(.tokenMissing)
        case .string(let text):
            guard text.utf8.count <= longestToken, text.utf8.allSatisfy(isTokenCharacter) else {
                throw ExchangeFailure(.tokenMalformed)
            }
            return Secret(text)
        case .some: throw ExchangeFailure(.tokenMalformed)
        }
    }

    /// RFC 6749 §7.1: a token of a type that is not understood must not be used, and ours all go out as
    /// Bearer. A provider that writes something else and means Bearer gets `token_type: null` in its profile.
    /// Missing and non-text types pass: PaymentAPI's document has none.
    private static func checkType(in document: JSONValue, pointer: String?) throws(ExchangeFailure) {
        guard let pointer = pointer.flatMap(JSONPointer.init),
            case .string(let type) = pointer.value(in: document)
        else { return }
        guard type.lowercased() == "bearer" else { throw ExchangeFailure(.replyMalformed) }
    }

    /// A refresh token is kept only where the profile can use it. One that is not usable text is passed over:
    /// the access token beside it is good, and the next renewal is a full exchange.
    private static func refreshToken(in document: JSONValue, _ profile: ProviderProfile) -> Secret? {
        guard profile.refresh != nil, let pointer = profile.reply.refreshToken.flatMap(JSONPointer.init),
            case .string(let text) = pointer.value(in: document)
        else { return nil }
        return (1...longestToken).contains(text.utf8.count) ? Secret(text) : nil
    }
}
