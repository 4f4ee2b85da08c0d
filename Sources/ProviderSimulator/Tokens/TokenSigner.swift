// Signs the simulator's JWTs: access tokens with HS256, scoped ones with ES256.

import Crypto
import FoundationEssentials
import JWTKit

/// The simulator's keys. They come from the seed, so a restart with the same seed signs with the same ones.
struct TokenSigner: Sendable {
    enum Key: String, Sendable {
        /// HMAC costs far less than ECDSA: the machine's time belongs to the gateway that is measured.
        case access = "access-1"
        case scoped = "scoped-1"
    }

    private let keys: JWTKeyCollection
    private let scopedPublicKey: [UInt8]

    init(seed: UInt64) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let serializer = DefaultJWTSerializer(jsonEncoder: encoder)
        let accessKey = HMACKey(key: SymmetricKey(data: Self.material(seed, .access)))
        let scopedKey = try P256.Signing.PrivateKey(rawRepresentation: Self.material(seed, .scoped))
        keys = JWTKeyCollection()
        scopedPublicKey = Array(scopedKey.publicKey.x963Representation)
        await keys.add(
            hmac: accessKey, digestAlgorithm: .sha256, kid: Self.identifier(.access), serializer: serializer)
        await keys.add(
            ecdsa: try ES256PrivateKey(backing: scopedKey), kid: Self.identifier(.scoped),
            serializer: serializer)
    }

    func sign(_ claims: Claims, with key: Key) async throws -> String {
        try await keys.sign(claims, kid: Self.identifier(key))
    }

    /// The key of the scoped tokens as a JWK Set (RFC 7517 §5).
    var keySet: JSONObject {
        // X9.63: one byte 04, then 32 bytes of x and 32 of y.
        let key = JSONObject([
            ("kty", .string("EC")), ("crv", .string("P-256")), ("use", .string("sig")),
            ("alg", .string("ES256")),
            ("kid", .string(Key.scoped.rawValue)),
            ("x", .string(Base64.urlEncoded(scopedPublicKey[1..<33]))),
            ("y", .string(Base64.urlEncoded(scopedPublicKey[33..<65]))),
        ])
        return JSONObject([("keys", .array([.object(key)]))])
    }

    private static func identifier(_ key: Key) -> JWKIdentifier {
        JWKIdentifier(string: key.rawValue)
    }

    private static func material(_ seed: UInt64, _ key: Key) -> [UInt8] {
        Array(SHA256.hash(data: Array("provider-simulator \(key.rawValue) \(seed)".utf8)))
    }
}
