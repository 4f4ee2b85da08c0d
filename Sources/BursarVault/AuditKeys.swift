// The audit trail's key: one for the installation, of which each chain has its own.
package import BursarCore
internal import Crypto

extension Vault: AuditSealer {
    package func makeAuditKey(under keyID: String?) throws -> WrappedDataKey {
        try makeDataKey(owner: AuditChain.keyOwner, version: 1, under: keyID)
    }

    /// The chain's key is derived, not stored: it is there for the trail of a deleted tenant too.
    package func auditMAC(
        of bytes: [UInt8], chain: TenantID, under key: WrappedDataKey
    ) throws -> [UInt8] {
        var info = LengthPrefixed()
        info.append("bursar audit chain 1")
        info.append(chain.uuid.bytes)
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: try dataKey(key), info: info.bytes, outputByteCount: 32)
        return Array(HMAC<SHA256>.authenticationCode(for: bytes, using: derived))
    }
}
