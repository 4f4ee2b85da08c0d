// A data key under another key-encryption key: the same key, and nothing else.
import BursarCore
import BursarVault
import Testing

@Suite struct RewrapTests {
    let vault: Vault
    let owner = OwnerID(UUIDValue(high: 1, low: 1))
    let key: WrappedDataKey

    init() throws {
        vault = Vault(try Self.keyring(["old", "new"]))
        key = try vault.makeDataKey(owner: owner, version: 2, under: "old")
    }

    static func keyring(_ ids: [String]) throws -> Keyring {
        let bytes: [String: UInt8] = ["old": 1, "new": 2]
        let lines = ids.map { VaultFixture.line($0, bytes[$0] ?? 3) }
        return try Keyring.parse(lines.joined(separator: "\n"), name: "test")
    }

    @Test func aRewrappedKeyOpensWhatTheKeySealedBefore() throws {
        let place = VaultFixture.place(owner: owner)
        let sealed = try vault.seal(Secret("s3cret"), with: key, at: place)
        let again = try vault.rewrap(key, under: "new")
        #expect(again.keyID == "new" && again.version == 2 && again.owner == owner)
        let later = Vault(try Self.keyring(["new"]))
        #expect(try later.open(sealed, with: [again], at: place) == Secret("s3cret"))
        #expect(throws: VaultError.keyMissing("old")) { try later.check(key) }
        let former = Vault(try Self.keyring(["old"]))
        #expect(throws: VaultError.keyMissing("new")) { try former.check(again) }
    }

    @Test func rewrappingUnderTheSameKeyIsAnotherWrapping() throws {
        let again = try vault.rewrap(key, under: "old")
        #expect(again != key && again.keyID == "old")
        #expect(throws: Never.self) { try vault.check(again) }
    }

    @Test func aWrappingDoesNotPassForOneUnderAnotherKey() throws {
        let again = try vault.rewrap(key, under: "new")
        let mislabelled = WrappedDataKey(
            owner: owner, version: 2, keyID: "new", wrapped: key.wrapped)
        #expect(throws: VaultError.doesNotOpen) { try vault.check(mislabelled) }
        let other = WrappedDataKey(owner: owner, version: 3, keyID: "new", wrapped: again.wrapped)
        #expect(throws: VaultError.doesNotOpen) { try vault.check(other) }
    }

    @Test func aKeyThatIsOpenDoesNotVouchForAnotherWrapping() throws {
        try vault.check(key)
        var bytes = key.wrapped
        bytes[bytes.count - 1] ^= 1
        let altered = WrappedDataKey(owner: owner, version: 2, keyID: "old", wrapped: bytes)
        #expect(throws: VaultError.doesNotOpen) { try vault.check(altered) }
    }

    @Test func bothKeysAreNeededAndEachIsNamed() throws {
        let withoutOld = Vault(try Self.keyring(["new"]))
        #expect(throws: VaultError.keyMissing("old")) { try withoutOld.rewrap(key, under: "new") }
        let withoutNew = Vault(try Self.keyring(["old"]))
        #expect(throws: VaultError.sealingKeyMissing("new")) { try withoutNew.rewrap(key, under: "new") }
        #expect(throws: VaultError.sealingKeyMissing("new")) {
            try withoutNew.makeDataKey(owner: owner, version: 1, under: "new")
        }
        #expect("\(VaultError.sealingKeyMissing("new"))".contains("add its line"))
    }

    @Test func theFirstLineSealsUntilAnotherIsAskedFor() throws {
        #expect(try vault.makeDataKey(owner: owner, version: 1).keyID == "old")
        #expect(try vault.makeDataKey(owner: owner, version: 1, under: "new").keyID == "new")
    }

    @Test func aRewrappedPepperHashesTheSame() throws {
        let pepper = try vault.makeDataKey(owner: Vault.pepperOwner, version: 1)
        let again = try vault.rewrap(pepper, under: "new")
        let (before, after) = (
            try vault.clientSecretHasher(pepper: pepper), try vault.clientSecretHasher(pepper: again)
        )
        #expect(before.hash("brs_a".utf8) == after.hash("brs_a".utf8))
    }
}
