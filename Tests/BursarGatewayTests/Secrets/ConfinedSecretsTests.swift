// Secret references stay within their folder and their prefix (PROVIDERS T4).
import BursarCore
import BursarGateway
import Foundation
import Testing

@Suite final class ConfinedSecretsTests {
    let folder = NSTemporaryDirectory() + "bursar-secrets-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(atPath: folder + "/sub", withIntermediateDirectories: true)
        for (name, text) in [
            ("plain", "value"), ("newline", "value\n"), ("two", "value\n\n"), ("empty", ""), ("blank", "\n"),
            (".hidden", "value"), ("keyring", "k1:AAAA"), ("huge", String(repeating: "x", count: 65_537)),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private var secrets: ConfinedSecrets {
        ConfinedSecrets(
            directory: folder,
            environment: ["BURSAR_SECRET_A": "value", "HOME": "/root", "BURSAR_SECRET_E": ""])
    }

    @Test(arguments: ["file:plain", "file:newline", "env:BURSAR_SECRET_A"])
    func whatIsAllowedIsRead(reference: String) throws {
        #expect(try secrets.read(reference) == Secret("value"))
    }

    @Test func onlyOneFinalNewlineIsDropped() throws {
        #expect(try secrets.read("file:two") == Secret("value\n"))
    }

    @Test(arguments: [
        "file:", "file:.", "file:..", "file:../plain", "file:sub/../plain", "file:/etc/passwd",
        "file:.hidden", "file:sub", "file:keyring",
        "file:missing", "file:empty", "file:blank", "file:huge", "file:plain\0", "env:HOME",
        "env:BURSAR_SECRET_B", "env:",
        "env:BURSAR_SECRET_E", "plain", "vault:plain", "FILE:plain", "",
    ])
    func whatIsNotIsRefusedWithoutItsContent(reference: String) {
        let error = #expect(throws: SecretReferenceError.self) { try self.secrets.read(reference) }
        #expect(!"\(error!)".contains("value") && !"\(error!)".contains("/root"))
    }

    @Test func withoutAFolderThereAreNoFiles() {
        let secrets = ConfinedSecrets(directory: nil, environment: [:])
        #expect(throws: SecretReferenceError.self) { try secrets.read("file:plain") }
    }
}
