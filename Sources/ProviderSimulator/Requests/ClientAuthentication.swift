// Client ids and secrets, and how they are read out of a request.

/// A client id as a provider gave it out. Compared byte by byte: Swift's own text comparison would take
/// a composed and a decomposed letter for the same.
struct ClientID: Hashable, Sendable {
    /// Longer ones cannot be registered and are not logged.
    static let longest = 1024

    let bytes: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    var text: String {
        String(decoding: bytes, as: UTF8.self)
    }
}

/// A client secret. Prints as redacted.
struct ClientSecret: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let bytes: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    var description: String { "<redacted>" }
    var debugDescription: String { "<redacted>" }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// Who a request says it is from.
struct ClaimedIdentity: Sendable {
    let client: ClientID
    let secret: ClientSecret
    /// The same halves, form-decoded: tells a wrong secret from a wrong encoding.
    var formDecoded: (client: ClientID, secret: ClientSecret)?
}

extension ClaimedIdentity {
    /// From `Authorization: Basic …`; nil when there is no such header.
    static func basic(_ authorizations: [String]) throws(Refusal) -> ClaimedIdentity? {
        guard let value = try onlyOne(authorizations) else { return nil }
        guard let credentials = parameter(of: value, scheme: "Basic") else {
            throw Refusal(.invalidClient, "the Authorization scheme is not Basic")
        }
        guard let bytes = Base64.decoded(credentials), let text = String(validating: bytes, as: UTF8.self),
            let colon = text.utf8.firstIndex(of: UInt8(ascii: ":"))
        else {
            throw Refusal(.invalidClient, "the Basic value is not base64 of UTF-8 id:secret")
        }
        let id = String(text[..<colon])
        let secret = String(text[text.utf8.index(after: colon)...])
        var identity = ClaimedIdentity(client: ClientID(id), secret: ClientSecret(secret))
        if let form = try? FormBody(Array("id=\(id)&secret=\(secret)".utf8)), let plainID = form["id"],
            let plainSecret = form["secret"]
        {
            identity.formDecoded = (ClientID(plainID), ClientSecret(plainSecret))
        }
        return identity
    }

    /// The token of `Authorization: Bearer …`; nil when there is no such header.
    static func bearer(_ authorizations: [String]) throws(Refusal) -> String? {
        guard let value = try onlyOne(authorizations) else { return nil }
        guard let token = parameter(of: value, scheme: "Bearer"), !token.isEmpty, !token.contains(" ") else {
            throw Refusal(.invalidToken, "the Authorization header is not Bearer and one token")
        }
        return token
    }

    private static func onlyOne(_ values: [String]) throws(Refusal) -> String? {
        guard values.count <= 1 else { throw Refusal(.invalidRequest, "several Authorization headers") }
        return values.first
    }

    /// What follows the scheme and exactly one space.
    private static func parameter(of value: String, scheme: String) -> String? {
        let parts = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == scheme.lowercased() else { return nil }
        return String(parts[1])
    }
}
