// The key-encryption keys: read from one file outside the database, and the only thing that opens data keys.
package import BursarCore
internal import Crypto
private import Foundation

/// Wraps and unwraps data keys. The keyring file is one; a key management service can be another.
package protocol KeyProvider: Sendable {
    /// Id of the key that wraps where nobody has chosen another.
    var sealingKeyID: String { get }
    /// Every id that can unwrap.
    var keyIDs: [String] { get }
    func wrap(_ key: Secret, under keyID: String, place: SealedPlace) throws(VaultError) -> [UInt8]
    func unwrap(_ wrapped: [UInt8], keyID: String, place: SealedPlace) throws(VaultError) -> Secret
}

/// Key-encryption keys of 32 bytes, by id. Every one unwraps; the first wraps unless another is asked for.
package struct Keyring: KeyProvider {
    private let keys: [(id: String, key: SymmetricKey)]

    package var sealingKeyID: String { keys[0].id }
    package var keyIDs: [String] { keys.map(\.id) }

    /// Reads `id:base64(32 bytes)` lines; blank ones and those beginning with `#` are passed over.
    package static func parse(_ text: String, name: String) throws(VaultError) -> Keyring {
        var keys: [(id: String, key: SymmetricKey)] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") { continue }
            let (id, key) = try parseLine(line, place: "\(name):\(index + 1)")
            guard !keys.contains(where: { $0.id == id }) else {
                throw .keyring(
                    "\(name):\(index + 1): the key id \(id) stands twice; give each key its own id")
            }
            keys.append((id, key))
        }
        guard !keys.isEmpty else {
            throw .keyring(
                "\(name) holds no key; add a line `id:key`, the key from `openssl rand -base64 32`")
        }
        return Keyring(keys: keys)
    }

    /// Reads the file, and refuses it when others than its owner and group may.
    package static func load(path: String) throws(VaultError) -> Keyring {
        let attributes: [FileAttributeKey: Any]
        let data: Data
        do {
            // Kubernetes mounts secrets as links, and what a link leads to is what counts.
            let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            attributes = try FileManager.default.attributesOfItem(atPath: file)
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw .keyring(
                "cannot read the keyring \(path); check that it exists and that this user may read it")
        }
        let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
        guard mode & 0o007 == 0 else {
            throw .keyring(
                "the keyring \(path) is open to others (mode \(String(mode, radix: 8))); chmod 600 or 640 it")
        }
        guard data.count <= 65_536 else {
            throw .keyring("the keyring \(path) is larger than 64 KiB; is it the right file?")
        }
        return try parse(String(decoding: data, as: UTF8.self), name: path)
    }

    private static func parseLine(
        _ line: String, place: String
    ) throws(VaultError) -> (id: String, key: SymmetricKey) {
        guard let colon = line.firstIndex(of: ":") else {
            throw .keyring("\(place): expected `id:base64 of 32 bytes`")
        }
        let id = String(line[..<colon])
        guard (1...64).contains(id.utf8.count), id.utf8.allSatisfy({ isBase62($0) || $0 == 45 || $0 == 95 })
        else {
            throw .keyring("\(place): a key id is 1 to 64 of letters, digits, - and _")
        }
        guard let bytes = Data(base64Encoded: String(line[line.index(after: colon)...])) else {
            throw .keyring("\(place): the key \(id) is not base64")
        }
        guard bytes.count == 32 else {
            throw .keyring(
                "\(place): the key \(id) has \(bytes.count) bytes, needed are 32; "
                    + "make one with `openssl rand -base64 32`")
        }
        return (id, SymmetricKey(data: bytes))
    }

    package func wrap(
        _ key: Secret, under keyID: String, place: SealedPlace
    ) throws(VaultError) -> [UInt8] {
        guard let wrapping = self.key(keyID) else { throw .sealingKeyMissing(keyID) }
        return try Envelope.seal(key, with: wrapping, keyVersion: 0, place: place)
    }

    package func unwrap(_ wrapped: [UInt8], keyID: String, place: SealedPlace) throws(VaultError) -> Secret {
        guard let key = key(keyID) else { throw .keyMissing(keyID) }
        return try Envelope.open(wrapped, with: key, keyVersion: 0, place: place)
    }

    private func key(_ id: String) -> SymmetricKey? { keys.first { $0.id == id }?.key }
}
