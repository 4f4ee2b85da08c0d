// Sealed values open where they were sealed, and nowhere else.
import BursarCore
import BursarTestSupport
import Crypto
import Testing

@testable import BursarVault

@Suite struct VaultTests {
    let fixture: VaultFixture
    let secret = Secret("s3cret + % ü")
    let sealed: SealedValue
    var vault: Vault { fixture.vault }

    init() throws {
        fixture = try VaultFixture()
        sealed = try fixture.vault.seal(secret, with: fixture.key, at: fixture.place)
    }

    @Test func whatIsSealedOpensAgain() throws {
        #expect(try vault.open(sealed, with: [fixture.key], at: fixture.place) == secret)
        #expect(sealed.keyVersion == 3)
        for text in ["", "x", String(repeating: "long", count: 5_000)] {
            let again = try vault.seal(Secret(text), with: fixture.key, at: fixture.place)
            #expect(try vault.open(again, with: [fixture.key], at: fixture.place).revealText() == text)
        }
    }

    @Test func nothingOfThePlaintextShows() throws {
        let text = String(repeating: "plaintext", count: 20)
        let bytes = try vault.seal(Secret(text), with: fixture.key, at: fixture.place).bytes
        #expect(!String(decoding: bytes, as: UTF8.self).contains("plain"))
        #expect(bytes.count == 73 + 12 + text.utf8.count + 16)
    }

    @Test func theSameSecretIsNeverSealedTheSameWay() throws {
        var salts: Set<ArraySlice<UInt8>> = []
        for _ in 0..<200 {
            salts.insert(try vault.seal(secret, with: fixture.key, at: fixture.place).bytes[9..<41])
        }
        #expect(salts.count == 200)
    }

    // MARK: Moved

    static let otherOwner = OwnerID(UUIDValue(high: 2, low: 2))

    static func places(_ owner: OwnerID) -> [SealedPlace] {
        [
            VaultFixture.place(owner: owner), VaultFixture.place(table: "token_slot", owner: owner),
            VaultFixture.place(column: "refresh_token", owner: owner),
            VaultFixture.place(owner: owner, provider: ProviderID("phoenix")),
            VaultFixture.place(owner: owner, provider: nil), VaultFixture.place(owner: owner, row: "other"),
            VaultFixture.place(owner: owner, version: 2),
            // The same characters, divided otherwise.
            VaultFixture.place(table: "credentials", column: "ecret", owner: owner),
            VaultFixture.place(table: "credentia", column: "lsecret", owner: owner),
        ]
    }

    @Test func aValueMovedToAnyOtherPlaceDoesNotOpen() throws {
        let places = Self.places(fixture.owner)
        for (home, place) in places.enumerated() {
            let sealed = try vault.seal(secret, with: fixture.key, at: place)
            for (away, other) in places.enumerated() where away != home {
                #expect(throws: VaultError.doesNotOpen) {
                    try vault.open(sealed, with: [fixture.key], at: other)
                }
            }
        }
    }

    @Test func aValueMovedToAnotherOwnerDoesNotOpen() throws {
        let place = VaultFixture.place(owner: Self.otherOwner)
        #expect(throws: VaultError.dataKeyMissing(version: 3)) {
            try vault.open(sealed, with: [fixture.key], at: place)
        }
        let theirs = try vault.makeDataKey(owner: Self.otherOwner, version: 3)
        #expect(throws: VaultError.doesNotOpen) {
            try vault.open(sealed, with: [fixture.key, theirs], at: place)
        }
        // Not even when the key is passed off as theirs.
        let forged = WrappedDataKey(
            owner: Self.otherOwner, version: 3, keyID: fixture.key.keyID, wrapped: fixture.key.wrapped)
        #expect(throws: VaultError.doesNotOpen) { try vault.open(sealed, with: [forged], at: place) }
    }

    @Test func oneOwnersDataKeyDoesNotOpenAnothers() throws {
        let theirs = try vault.makeDataKey(owner: Self.otherOwner, version: 3)
        let value = try vault.seal(secret, with: theirs, at: VaultFixture.place(owner: Self.otherOwner))
        let impostor = WrappedDataKey(
            owner: Self.otherOwner, version: 3, keyID: fixture.key.keyID, wrapped: fixture.key.wrapped)
        #expect(throws: VaultError.self) {
            try vault.open(value, with: [impostor], at: VaultFixture.place(owner: Self.otherOwner))
        }
    }

    // MARK: Altered

    @Test func everyFlippedBitIsNoticed() throws {
        for index in sealed.bytes.indices {
            for bit in 0..<8 as Range<UInt8> {
                var bytes = sealed.bytes
                bytes[index] ^= 1 << bit
                #expect(throws: VaultError.self, "byte \(index), bit \(bit)") {
                    try vault.open(
                        SealedValue(bytes: bytes, keyVersion: 3), with: [fixture.key], at: fixture.place)
                }
            }
        }
    }

    @Test func cutAndLengthenedValuesAreNoticed() {
        for count in 0..<sealed.bytes.count {
            let cut = SealedValue(bytes: Array(sealed.bytes.prefix(count)), keyVersion: 3)
            #expect(throws: VaultError.self) { try vault.open(cut, with: [fixture.key], at: fixture.place) }
        }
        let longer = SealedValue(bytes: sealed.bytes + [0], keyVersion: 3)
        #expect(throws: VaultError.doesNotOpen) {
            try vault.open(longer, with: [fixture.key], at: fixture.place)
        }
    }

    @Test func laterFormatsAreToldApart() {
        var bytes = sealed.bytes
        bytes[4] = 2
        #expect(throws: VaultError.unknownFormat) {
            try vault.open(SealedValue(bytes: bytes, keyVersion: 3), with: [fixture.key], at: fixture.place)
        }
    }

    /// The commitment is checked by itself: without it, one ciphertext could be made to open under two keys.
    @Test func aForeignCommitmentIsRefusedEvenWithTheRightCiphertext() throws {
        let other = try vault.seal(secret, with: fixture.key, at: fixture.place)
        var bytes = sealed.bytes
        bytes.replaceSubrange(41..<73, with: other.bytes[41..<73])
        #expect(throws: VaultError.doesNotOpen) {
            try vault.open(SealedValue(bytes: bytes, keyVersion: 3), with: [fixture.key], at: fixture.place)
        }
    }

    // MARK: Keys

    @Test func theVersionChoosesTheKey() throws {
        let newer = try vault.makeDataKey(owner: fixture.owner, version: 4)
        #expect(try vault.open(sealed, with: [newer, fixture.key], at: fixture.place) == secret)
        #expect(throws: VaultError.dataKeyMissing(version: 3)) {
            try vault.open(sealed, with: [newer], at: fixture.place)
        }
        let disguised = WrappedDataKey(
            owner: newer.owner, version: 3, keyID: newer.keyID, wrapped: newer.wrapped)
        #expect(throws: VaultError.self) { try vault.open(sealed, with: [disguised], at: fixture.place) }
    }

    @Test func aDataKeyNamesTheKeyThatWrapsItAndItsVersion() throws {
        #expect(fixture.key.keyID == "main" && fixture.key.version == 3 && fixture.key.owner == fixture.owner)
        #expect(vault.sealingKeyID == "main" && vault.keyIDs == ["main"])
        #expect(throws: Never.self) { try vault.check(fixture.key) }
    }

    @Test func anotherKeyUnderTheSameIDOpensNothing() throws {
        let stranger = Vault(try Keyring.parse(VaultFixture.line("main", 2), name: "test"))
        #expect(throws: VaultError.doesNotOpen) { try stranger.check(fixture.key) }
        #expect(throws: VaultError.doesNotOpen) {
            try stranger.open(sealed, with: [fixture.key], at: fixture.place)
        }
    }

    @Test func aMissingKeyIsNamed() throws {
        let other = Vault(try Keyring.parse(VaultFixture.line("other", 1), name: "test"))
        #expect(throws: VaultError.keyMissing("main")) { try other.check(fixture.key) }
    }

    @Test func replacingTheKeyringForgetsWhatTheFormerOneOpened() throws {
        #expect(try vault.open(sealed, with: [fixture.key], at: fixture.place) == secret)
        vault.replace(try Keyring.parse(VaultFixture.line("other", 2), name: "test"))
        #expect(throws: VaultError.keyMissing("main")) {
            try vault.open(sealed, with: [fixture.key], at: fixture.place)
        }
        #expect(vault.sealingKeyID == "other")
        let both = [VaultFixture.line("other", 2), VaultFixture.line("main", 1)].joined(separator: "\n")
        vault.replace(try Keyring.parse(both, name: "test"))
        #expect(try vault.open(sealed, with: [fixture.key], at: fixture.place) == secret)
        #expect(
            try vault.makeDataKey(owner: fixture.owner, version: 5).keyID == "other", "the first line seals")
    }

    @Test func errorsShowNoKeyAndNoSecret() throws {
        let errors: [VaultError] = [
            .keyring("text"), .keyMissing("main"), .doesNotOpen, .unknownFormat, .dataKeyMissing(version: 1),
        ]
        for error in errors { #expect(!"\(error)".isEmpty && !"\(error)".contains("s3cret")) }
    }

    // MARK: Personal data

    @Test func personalHashesAreStableAndDifferByTenantFieldAndText() throws {
        let theirs = try vault.makeDataKey(owner: Self.otherOwner, version: 1)
        func hash(_ text: String, _ field: String, _ key: WrappedDataKey) throws -> [UInt8] {
            try vault.personalHash(text, field: field, with: key)
        }
        let hashes = try [
            hash("anna", "subject", fixture.key), hash("anna", "subject", theirs),
            hash("anna", "customer_id", fixture.key),
            hash("Anna", "subject", fixture.key), hash("a", "subjectann", fixture.key),
            hash("", "subject", fixture.key),
        ]
        #expect(Set(hashes).count == hashes.count)
        #expect(hashes.allSatisfy { $0.count == 32 })
        #expect(try hash("anna", "subject", fixture.key) == hashes[0])
    }

    // MARK: Clients

    @Test func clientSecretsAreHashedUnderThePepper() throws {
        let pepper = try vault.makeDataKey(owner: Vault.pepperOwner, version: 2)
        let hasher = try vault.clientSecretHasher(pepper: pepper)
        #expect(hasher.version == 2)
        #expect(hasher.hash("brs_a".utf8) == hasher.hash(Array("brs_a".utf8)))
        #expect(hasher.hash("brs_a".utf8) != hasher.hash("brs_b".utf8))
        let other = try vault.clientSecretHasher(
            pepper: vault.makeDataKey(owner: Vault.pepperOwner, version: 2))
        #expect(hasher.hash("brs_a".utf8) != other.hash("brs_a".utf8))
    }

    /// RFC 4231 §4.2, §4.3 and §4.5.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            Array(1...25), [UInt8](repeating: 0xcd, count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
    ]) func theHashIsHMACWithSHA256(key: [UInt8], text: [UInt8], code: String) {
        let hasher = ClientSecretHasher(version: 1, key: SymmetricKey(data: key))
        #expect(hexText(hasher.hash(text).bytes) == code)
        #expect(hexText(hasher.hash(text).bytes) == code, "the second one from the same state")
    }

    @Test func newClientsAreWellFormedAndDiffer() {
        let clients = (0..<500).map { _ in Vault.makeClient() }
        #expect(Set(clients.map(\.id)).count == 500)
        #expect(Set(clients.map { $0.secret.reveal() }).count == 500)
        #expect(
            clients.allSatisfy {
                ClientID($0.id.text) != nil && ClientSecretFormat.isWellFormed($0.secret.reveal())
            })
    }
}
