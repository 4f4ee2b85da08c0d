// Reads the keyring again when its file changes.
import BursarVault
import Foundation
import Logging
import ServiceLifecycle

/// A keyring that cannot be read leaves the former one in force: a half-written file must not close the
/// vault.
struct KeyringWatch: Service {
    let path: String
    let vault: Vault
    let logger: Logger

    func run() async {
        let first = stamp()
        await cancelWhenGracefulShutdown {
            var seen = first
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(2))
                let now = stamp()
                guard now != seen else { continue }
                seen = now
                reload()
            }
        }
    }

    private func reload() {
        do {
            let keyring = try Keyring.load(path: path)
            vault.replace(keyring)
            logger.notice(
                "keyring read again", metadata: ["keys": "\(keyring.keyIDs.joined(separator: ","))"])
        } catch {
            logger.error(
                "the keyring changed and cannot be read; the former one stays",
                metadata: ["error": "\(error)"])
        }
    }

    private func stamp() -> [String] {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return [.modificationDate, .size, .systemFileNumber].map { (key: FileAttributeKey) in
            "\(attributes?[key] ?? "")"
        }
    }
}
