// Seals and opens secrets: the only maker of plaintext.
package import BursarCore
internal import Crypto
internal import Synchronization

/// The keyring and the data keys opened so far. Safe to call from anywhere; nothing here waits.
package final class Vault: Sendable {
    private struct Contents {
        var provider: any KeyProvider
        var opened: [KeyName: Opened] = [:]
    }

    /// A data key keeps its name when it is wrapped anew, so that the former wrapping makes room.
    private struct KeyName: Hashable {
        let owner: OwnerID
        let version: Int
    }

    private struct Opened {
        let wrapping: WrappedDataKey
        let key: SymmetricKey
    }

    private let contents: Mutex<Contents>

    /// Data keys kept open; beyond it all are dropped and opened again as needed (about a microsecond each).
    private static let openLimit = 100_000

    package init(_ provider: any KeyProvider) { contents = Mutex(Contents(provider: provider)) }

    /// Takes a keyring that was read anew. Keys opened under the former one are forgotten.
    package func replace(_ provider: any KeyProvider) {
        contents.withLock { $0 = Contents(provider: provider) }
    }

    package var sealingKeyID: String { contents.withLock { $0.provider.sealingKeyID } }
    package var keyIDs: [String] { contents.withLock { $0.provider.keyIDs } }

    // MARK: Data keys

    /// A new random data key for an owner, wrapped under the keyring's key `keyID`; its first one when that
    /// is nil.
    package func makeDataKey(
        owner: OwnerID, version: Int, under keyID: String? = nil
    ) throws(VaultError) -> WrappedDataKey {
        let fresh = SymmetricKey(size: .bits256).withUnsafeBytes { Secret(Array($0)) }
        let provider = contents.withLock { $0.provider }
        return try wrap(fresh, owner, version, under: keyID ?? provider.sealingKeyID, by: provider)
    }

    /// The same data key, or pepper, wrapped under another key of the keyring.
    package func rewrap(
        _ key: WrappedDataKey, under keyID: String
    ) throws(VaultError) -> WrappedDataKey {
        let provider = contents.withLock { $0.provider }
        return try wrap(unwrap(key, by: provider), key.owner, key.version, under: keyID, by: provider)
    }

    private func wrap(
        _ key: Secret, _ owner: OwnerID, _ version: Int, under keyID: String, by provider: any KeyProvider
    ) throws(VaultError) -> WrappedDataKey {
        let place = Vault.dataKeyPlace(owner: owner, version: version)
        let wrapped = try provider.wrap(key, under: keyID, place: place)
        return WrappedDataKey(owner: owner, version: version, keyID: keyID, wrapped: wrapped)
    }

    private func unwrap(
        _ key: WrappedDataKey, by provider: any KeyProvider
    ) throws(VaultError) -> Secret {
        let place = Vault.dataKeyPlace(owner: key.owner, version: key.version)
        return try provider.unwrap(key.wrapped, keyID: key.keyID, place: place)
    }

    private static func dataKeyPlace(owner: OwnerID, version: Int) -> SealedPlace {
        SealedPlace(
            table: "data_key", column: "wrapped", owner: owner, provider: nil, row: "data key",
            version: version)
    }

    /// The opened key: a data key, or the pepper, which is wrapped in the same way.
    func dataKey(_ wrapped: WrappedDataKey) throws(VaultError) -> SymmetricKey {
        let name = KeyName(owner: wrapped.owner, version: wrapped.version)
        let (known, provider) = contents.withLock { ($0.opened[name], $0.provider) }
        if let known, known.wrapping == wrapped { return known.key }
        let key = try unwrap(wrapped, by: provider).withBytes { SymmetricKey(data: $0) }
        contents.withLock { contents in
            if contents.opened.count >= Vault.openLimit { contents.opened.removeAll() }
            contents.opened[name] = Opened(wrapping: wrapped, key: key)
        }
        return key
    }

    /// Whether the keyring can open this key; says why not.
    package func check(_ wrapped: WrappedDataKey) throws(VaultError) { _ = try dataKey(wrapped) }

    // MARK: Values

    /// Seals under the owner's data key. `key` must be the owner's, which `place` says.
    package func seal(
        _ secret: Secret, with key: WrappedDataKey, at place: SealedPlace
    ) throws(VaultError) -> SealedValue {
        let bytes = try Envelope.seal(
            secret, with: try dataKey(key), keyVersion: key.version, place: place)
        return SealedValue(bytes: bytes, keyVersion: key.version)
    }

    /// Opens with whichever of the owner's keys sealed it.
    package func open(
        _ sealed: SealedValue, with keys: [WrappedDataKey], at place: SealedPlace
    ) throws(VaultError) -> Secret {
        guard let key = keys.first(where: { $0.version == sealed.keyVersion && $0.owner == place.owner })
        else {
            throw .dataKeyMissing(version: sealed.keyVersion)
        }
        return try Envelope.open(
            sealed.bytes, with: try dataKey(key), keyVersion: key.version, place: place)
    }

    /// A keyed hash of personal data, whose key goes with the tenant's data key (PROVIDERS A4): when the
    /// tenant is deleted, nobody can tell any more whom it names.
    package func personalHash(
        _ text: String, field: String, with key: WrappedDataKey
    ) throws(VaultError) -> [UInt8] {
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: try dataKey(key), info: Array("bursar personal hash 1".utf8),
            outputByteCount: 32)
        var fields = LengthPrefixed()
        fields.append(field)
        fields.append(text)
        return Array(HMAC<SHA256>.authenticationCode(for: fields.bytes, using: derived))
    }
}
