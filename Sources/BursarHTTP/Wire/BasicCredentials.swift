// `Authorization: Basic …` as an OAuth client sends it (RFC 6749 §2.3.1), and as `curl -u` does.
internal import BursarCore

/// Id and secret. Half of the clients encode each half as a form member before joining them, the others send
/// them raw. Our own ids and secrets are made of `[A-Za-z0-9_]`, which both spell alike; so each half is
/// decoded where that is possible, and what cannot be decoded stays raw and is simply wrong.
struct BasicCredentials {
    enum Flaw: Error, Equatable { case notBase64, noColon }

    let id: PresentedText
    let secret: PresentedText

    init(base64: UnsafeRawBufferPointer) throws(Flaw) {
        self = try withUnsafeTemporaryAllocation(byteCount: Base64.room(for: base64), alignment: 1) {
            memory throws(Flaw) in
            guard let count = Base64.decode(base64, into: memory) else { throw .notBase64 }
            return try BasicCredentials(UnsafeRawBufferPointer(rebasing: memory[..<count]))
        }
    }

    private init(_ joined: UnsafeRawBufferPointer) throws(Flaw) {
        // The first colon: secrets may hold more of them.
        guard let colon = place(of: UInt8(ascii: ":"), in: joined) else { throw .noColon }
        id = BasicCredentials.half(UnsafeRawBufferPointer(rebasing: joined[..<colon]))
        secret = BasicCredentials.half(UnsafeRawBufferPointer(rebasing: joined[(colon + 1)...]))
    }

    private static func half(_ bytes: UnsafeRawBufferPointer) -> PresentedText {
        let isEncoded =
            place(of: UInt8(ascii: "%"), in: bytes) != nil || place(of: UInt8(ascii: "+"), in: bytes) != nil
        guard isEncoded, let decoded = FormText.decode(bytes) else { return PresentedText(bytes) }
        return PresentedText(decoded)
    }
}
