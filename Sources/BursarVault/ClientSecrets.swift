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

/// Hashes client secrets: one HMAC-SHA-256 a call (RFC 2104), from the two states that have taken the key in
/// already. Every request needs one, and the key is half of its work.
package struct ClientSecretHasher: Sendable {
    package let version: Int
    private let inner: SHA256
    private let outer: SHA256

    init(version: Int, key: SymmetricKey) {
        self.version = version
        inner = Self.state(of: key, 0x36)
        outer = Self.state(of: key, 0x5c)
    }

    /// After the key, which is shorter than a block, filled up with zeros.
    private static func state(of key: SymmetricKey, _ pad: UInt8) -> SHA256 {
        var block = [UInt8](repeating: pad, count: SHA256.blockByteCount)
        key.withUnsafeBytes { key in
            precondition(key.count <= block.count)
            for (index, byte) in key.enumerated() { block[index] ^= byte }
        }
        var state = SHA256()
        block.withUnsafeBytes { state.update(bufferPointer: $0) }
        return state
    }

    package func hash(_ secret: UnsafeRawBufferPointer) -> ClientSecretHash {
        var (inner, outer) = (inner, outer)
        inner.update(bufferPointer: secret)
        inner.finalize().withUnsafeBytes { outer.update(bufferPointer: $0) }
        let code = outer.finalize()
        // SHA-256 has 32 bytes.
        return code.withUnsafeBytes { ClientSecretHash($0)! }
    }

    package func hash(_ secret: some Collection<UInt8>) -> ClientSecretHash {
        Array(secret).withUnsafeBytes { hash($0) }
    }
}
