// Secret references confined to one folder and to variables of one prefix.
package import BursarCore
private import Foundation

/// `file:NAME` reads one file of `directory`; `env:NAME` one variable whose name begins `BURSAR_SECRET_`. A
/// name with a slash or dots could walk out of the folder and is refused.
package struct ConfinedSecrets: SecretReferences {
    package static let variablePrefix = "BURSAR_SECRET_"
    package static let sizeLimit = 65_536
    /// Our own, which may lie in the same folder (docs/API.md section 2): no provider is ever sent them.
    package static let reserved: Set<String> = ["database-url", "keyring", "tls-certificate", "tls-key"]

    private let directory: String?
    private let environment: [String: String]

    package init(directory: String?, environment: [String: String]) {
        self.directory = directory
        self.environment = environment.filter { $0.key.hasPrefix(Self.variablePrefix) }
    }

    package func read(_ reference: String) throws(SecretReferenceError) -> Secret {
        if reference.hasPrefix("file:") { return try readFile(String(reference.dropFirst(5))) }
        if reference.hasPrefix("env:") { return try readVariable(String(reference.dropFirst(4))) }
        throw SecretReferenceError("a secret reference is `file:NAME` or `env:NAME`, not \(reference)")
    }

    private func readFile(_ name: String) throws(SecretReferenceError) -> Secret {
        guard let directory else {
            throw SecretReferenceError("file:\(name) needs BURSAR_SECRETS_DIR, which is not set")
        }
        guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/"), !name.utf8.contains(0) else {
            throw SecretReferenceError("file:\(name) must name a file directly in BURSAR_SECRETS_DIR")
        }
        guard !Self.reserved.contains(name) else {
            throw SecretReferenceError("file:\(name) is the gateway's own; give the file another name")
        }
        guard let data = FileManager.default.contents(atPath: directory + "/" + name) else {
            throw SecretReferenceError("file:\(name) cannot be read in BURSAR_SECRETS_DIR")
        }
        guard data.count <= Self.sizeLimit else {
            throw SecretReferenceError("file:\(name) is larger than 64 KiB")
        }
        return try secret(from: Array(data), reference: "file:\(name)")
    }

    private func readVariable(_ name: String) throws(SecretReferenceError) -> Secret {
        guard name.hasPrefix(Self.variablePrefix) else {
            throw SecretReferenceError("env:\(name) must begin with \(Self.variablePrefix)")
        }
        guard let value = environment[name] else { throw SecretReferenceError("env:\(name) is not set") }
        return try secret(from: Array(value.utf8), reference: "env:\(name)")
    }

    /// Drops one final newline, as editors and `echo` leave it.
    private func secret(from bytes: [UInt8], reference: String) throws(SecretReferenceError) -> Secret {
        let trimmed = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
        guard !trimmed.isEmpty else { throw SecretReferenceError("\(reference) is empty") }
        return Secret(trimmed)
    }
}
