// `Authorization: Basic …` as an OAuth client sends it (RFC 6749 §2.3.1), and as `curl -u` does.
internal import BursarCore

/// Id and secret. Half of the clients encode each half as a form member before joining them, the others send
/// them raw. Our own ids and secrets are made of `[A-Za-z0-9_]`, which both spell alike; so each half is
/// decoded where that is possible, and what cannot be decoded stays raw and is simply wrong.
struct BasicCredentials {
    enum Flaw: Error, Equatable { case notBase64, noColon }

    let id: [UInt8]
    let secret: [UInt8]

    init(base64: some Collection<UInt8>) throws(Flaw) {
        guard let joined = Base64.decode(base64) else { throw .notBase64 }
        // The first colon: secrets may hold more of them.
        guard let colon = joined.firstIndex(of: UInt8(ascii: ":")) else { throw .noColon }
        id = BasicCredentials.half(joined[..<colon])
        secret = BasicCredentials.half(joined[(colon + 1)...])
    }

    private static func half(_ bytes: ArraySlice<UInt8>) -> [UInt8] { FormText.decode(bytes) ?? Array(bytes) }
}
