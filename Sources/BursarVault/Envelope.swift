// The format of a sealed value: a key of its own for each, committed to, bound to its row.
internal import BursarCore
internal import Crypto
private import Foundation

/// `BRS1` | suite (1) | key version (4, big endian) | salt (32) | commitment (32) | nonce (12) | ciphertext |
/// tag (16).
///
/// Suite 1: HKDF-SHA-512 over the owner's data key and the salt gives 32 bytes of AES-256-GCM key and 32 of
/// commitment. A key for each value practically excludes a repeated nonce; the commitment excludes one
/// ciphertext that opens under two keys. The place is authenticated along with it.
enum Envelope {
    private static let magic = Array("BRS1".utf8)
    private static let suite: UInt8 = 1
    private static let headerCount = 4 + 1 + 4 + 32 + 32

    static func seal(
        _ secret: Secret, with key: SymmetricKey, keyVersion: Int, place: SealedPlace
    ) throws(VaultError) -> [UInt8] {
        let salt = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        let derived = derive(from: key, salt: salt)
        var blob = magic + [suite]
        blob += encoded(keyVersion) + salt + derived.commitment
        do {
            let box = try secret.withBytes { bytes in
                try AES.GCM.seal(bytes, using: derived.key, authenticating: associatedData(place))
            }
            // `combined` is nil only for nonces of another length than ours.
            guard let combined = box.combined else { throw VaultError.doesNotOpen }
            return blob + combined
        } catch {
            throw .doesNotOpen
        }
    }

    static func open(
        _ blob: [UInt8], with key: SymmetricKey, keyVersion: Int, place: SealedPlace
    ) throws(VaultError) -> Secret {
        guard blob.count >= headerCount + 28, blob.starts(with: magic), blob[4] == suite else {
            throw .unknownFormat
        }
        // The row says the same; a value whose header disagrees was altered.
        guard blob[5..<9].elementsEqual(encoded(keyVersion)) else { throw .doesNotOpen }
        let derived = derive(from: key, salt: Array(blob[9..<41]))
        guard equalInConstantTime(derived.commitment, blob[41..<73]) else { throw .doesNotOpen }
        do {
            let box = try AES.GCM.SealedBox(combined: blob[headerCount...])
            var opened = try AES.GCM.open(box, using: derived.key, authenticating: associatedData(place))
            defer { opened.resetBytes(in: 0..<opened.count) }
            return Secret(opened)
        } catch {
            throw .doesNotOpen
        }
    }

    private static func encoded(_ keyVersion: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: keyVersion >> $0) }
    }

    private static func derive(
        from key: SymmetricKey, salt: [UInt8]
    ) -> (key: SymmetricKey, commitment: [UInt8]) {
        let derived = HKDF<SHA512>.deriveKey(
            inputKeyMaterial: key, salt: salt, info: Array("bursar envelope 1".utf8), outputByteCount: 64)
        return derived.withUnsafeBytes { bytes in
            (SymmetricKey(data: bytes[..<32]), Array(bytes[32...]))
        }
    }

    private static func associatedData(_ place: SealedPlace) -> [UInt8] {
        var fields = LengthPrefixed()
        fields.append(Int(suite))
        fields.append(place.table)
        fields.append(place.column)
        fields.append(place.owner.uuid.bytes)
        fields.append(place.provider?.text ?? "")
        fields.append(place.row)
        fields.append(place.version)
        return fields.bytes
    }
}
