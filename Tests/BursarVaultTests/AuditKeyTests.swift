// The audit trail's keys: one for each chain, out of one that the keyring opens.
import BursarCore
import BursarVault
import Testing

@Suite struct AuditKeyTests {
    private let chain = TenantID(UUIDValue(high: 7, low: 1))

    @Test func eachChainHasAKeyOfItsOwn() throws {
        let vault = try VaultFixture().vault
        let key = try vault.makeAuditKey(under: nil)
        let chains = (0..<100 as Range<UInt64>).map { TenantID(UUIDValue(high: 7, low: $0)) }
        let macs = try chains.map { try vault.auditMAC(of: [1, 2, 3], chain: $0, under: key) }
        #expect(Set(macs).count == chains.count && macs.allSatisfy { $0.count == 32 })
        #expect(try vault.auditMAC(of: [1, 2, 3], chain: chains[0], under: key) == macs[0])
        #expect(try vault.auditMAC(of: [1, 2], chain: chains[0], under: key) != macs[0])
    }

    @Test func anotherInstallationsKeyMakesOtherMacs() throws {
        let vault = try VaultFixture().vault
        let keys = [try vault.makeAuditKey(under: nil), try vault.makeAuditKey(under: nil)]
        let macs = try keys.map { try vault.auditMAC(of: [1], chain: chain, under: $0) }
        #expect(macs[0] != macs[1])
    }

    @Test func noOtherKeyStandsInForIt() throws {
        let fixture = try VaultFixture()
        let pepper = try fixture.vault.makeDataKey(owner: Vault.pepperOwner, version: 1)
        for other in [pepper, try fixture.vault.makeDataKey(owner: OwnerID(chain), version: 1)] {
            let moved = WrappedDataKey(
                owner: AuditChain.keyOwner, version: 1, keyID: other.keyID, wrapped: other.wrapped)
            #expect(throws: VaultError.doesNotOpen) {
                try fixture.vault.auditMAC(of: [1], chain: chain, under: moved)
            }
        }
    }

    @Test func aKeyringWithoutItsKeySaysSo() throws {
        let key = try VaultFixture().vault.makeAuditKey(under: nil)
        let other = Vault(try Keyring.parse(VaultFixture.line("other", 2), name: "test"))
        #expect(throws: VaultError.keyMissing("main")) {
            try other.auditMAC(of: [1], chain: chain, under: key)
        }
    }
}
