// The keyring file: what is taken, and what is refused with a word on what to do.
import BursarCore
import BursarVault
import Foundation
import Testing

@Suite struct KeyringTests {
    private func reason(against text: String) -> String? {
        do throws(VaultError) {
            _ = try Keyring.parse(text, name: "keys")
            return nil
        } catch {
            guard case .keyring(let reason) = error else { return "another error" }
            return reason
        }
    }

    @Test func linesAreReadInTheirOrder() throws {
        let text = """
            # kept since 2026

            new-key_2:\(VaultFixture.base64(Array(repeating: 2, count: 32)))
              old:\(VaultFixture.base64(Array(repeating: 1, count: 32)))\u{20}
            """
        let keyring = try Keyring.parse(text, name: "keys")
        #expect(keyring.keyIDs == ["new-key_2", "old"])
        #expect(keyring.sealingKeyID == "new-key_2")
    }

    @Test func windowsLineEndsAreNoPartOfTheKey() throws {
        let keyring = try Keyring.parse(
            VaultFixture.line("a", 1) + "\r\n" + VaultFixture.line("b", 2) + "\r\n", name: "k")
        #expect(keyring.keyIDs == ["a", "b"])
    }

    @Test(arguments: [
        ("", "holds no key"), ("\n# nothing\n", "holds no key"), ("main", "expected `id:base64"),
        (":\(VaultFixture.base64(Array(repeating: 1, count: 32)))", "a key id is"),
        ("a b:\(VaultFixture.base64(Array(repeating: 1, count: 32)))", "a key id is"),
        ("é:\(VaultFixture.base64(Array(repeating: 1, count: 32)))", "a key id is"),
        (VaultFixture.line(String(repeating: "k", count: 65), 1), "a key id is"),
        ("main:not base64!", "is not base64"), ("main:", "has 0 bytes"),
        (VaultFixture.line("main", 1, count: 16), "has 16 bytes"),
        (VaultFixture.line("main", 1, count: 31), "has 31 bytes"),
        (VaultFixture.line("main", 1, count: 33), "has 33 bytes"),
        (VaultFixture.line("main", 1) + "\n" + VaultFixture.line("main", 2), "stands twice"),
    ])
    func badFilesAreRefused(text: String, reason: String) throws {
        let refusal = try #require(self.reason(against: text))
        #expect(refusal.contains(reason), "\(refusal)")
        #expect(refusal.hasPrefix("keys"), "names the file")
    }

    @Test func theLineIsNamedAndTheKeyIsNotShown() throws {
        let key = VaultFixture.base64(Array(repeating: 9, count: 31))
        let refusal = try #require(reason(against: "# one\n\nmain:\(key)"))
        #expect(refusal.hasPrefix("keys:3:") && !refusal.contains(key))
    }

    // MARK: Files

    private func withFile<R>(mode: Int, _ text: String, _ body: (String) throws -> R) throws -> R {
        let path = NSTemporaryDirectory() + "bursar-keyring-\(UUID().uuidString)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return try body(path)
    }

    @Test(arguments: [0o600, 0o400, 0o640, 0o440, 0o660])
    func filesClosedToOthersAreRead(mode: Int) throws {
        try withFile(mode: mode, VaultFixture.line("main", 1)) { path in
            let keyring = try Keyring.load(path: path)
            #expect(keyring.keyIDs == ["main"])
        }
    }

    @Test(arguments: [0o644, 0o604, 0o601, 0o602, 0o666, 0o777])
    func filesOpenToOthersAreRefused(mode: Int) throws {
        try withFile(mode: mode, VaultFixture.line("main", 1)) { path in
            let error = #expect(throws: VaultError.self) { try Keyring.load(path: path) }
            #expect("\(error!)".contains("open to others") && "\(error!)".contains("chmod"))
        }
    }

    @Test func aMissingOrHugeFileIsRefused() throws {
        #expect(throws: VaultError.self) { try Keyring.load(path: "/nonexistent/keyring") }
        try withFile(mode: 0o600, String(repeating: "# \n", count: 30_000)) { path in
            let error = #expect(throws: VaultError.self) { try Keyring.load(path: path) }
            #expect("\(error!)".contains("larger than 64 KiB"))
        }
    }
}
