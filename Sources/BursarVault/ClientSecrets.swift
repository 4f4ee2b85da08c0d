// Client ids and secrets: made from randomness, kept as keyed hashes.
package import BursarCore
internal import Crypto

extension Vault {
    /// Stands in for an owner: the pepper belongs to nobody.
    package static let pepperOwner = OwnerID(UUIDValue(high: 0, low: 0))

    /// Turns client secrets into what is stored, under an opened pepper. HMAC rather than a slow hash: the
    /// secret has 190 random bits, and a slow hash would let anyone make the token endpoint work hard.
    package func clientSecretHasher(pepper: WrappedDataKey) throws(VaultError) -> ClientSecretHasher {
        ClientSecretHasher(version: pepper.version, key: try dataKey(pepper))
    }

    /// A new client's id and secret. The secret is shown once and never stored.
    package static func makeClient() -> (id: ClientID, secret: Secret) {
        let secret = ClientSecretFormat.make(random: randomCharacters(ClientSecretFormat.randomCount))
        return (ClientSecretFormat.makeClientID(random: randomCharacters(ClientID.randomCount)), secret)
    }

    /// Bytes below 248, so that `byte % 62` is even.
    private static func randomCharacters(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0..<248, using: &generator) }
    }
}

/// Hashes client secrets: one HMAC-SHA-256 a call, from a state that has taken the key in already.
package struct ClientSecretHasher: Sendable {
    package let version: Int
    private let keyed: HMAC<SHA256>

    init(version: Int, key: SymmetricKey) {
        self.version = version
        keyed = HMAC(key: key)
    }

    package func hash(_ secret: UnsafeRawBufferPointer) -> ClientSecretHash {
        var code = keyed
        code.update(data: secret)
        guard let hash = ClientSecretHash(code.finalize()) else { fatalError("SHA-256 has 32 bytes") }
        return hash
    }

    package func hash(_ secret: some Collection<UInt8>) -> ClientSecretHash {
        Array(secret).withUnsafeBytes { hash($0) }
    }
}
