// Keys and places for the vault's tests.
import BursarCore
import BursarVault

/// A keyring of one key, 32 times `byte`, and the vault on it.
struct VaultFixture {
    let vault: Vault
    let owner = OwnerID(UUIDValue(high: 1, low: 1))
    let key: WrappedDataKey
    let place: SealedPlace

    init(byte: UInt8 = 1) throws {
        vault = Vault(try Keyring.parse(Self.line("main", byte), name: "test"))
        key = try vault.makeDataKey(owner: owner, version: 3)
        place = Self.place(owner: owner)
    }

    static func place(
        table: String = "credential", column: String = "secret", owner: OwnerID,
        provider: ProviderID? = ProviderID("zatlas"), row: String = "row", version: Int = 1
    ) -> SealedPlace {
        SealedPlace(
            table: table, column: column, owner: owner, provider: provider, row: row, version: version)
    }

    /// A line of a keyring file.
    static func line(_ id: String, _ byte: UInt8, count: Int = 32) -> String {
        "\(id):\(base64(Array(repeating: byte, count: count)))"
    }

    static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for index in 0..<4 {
                text.append(index <= group.count ? alphabet[word >> (18 - 6 * index) & 63] : "=")
            }
        }
        return text
    }
}
