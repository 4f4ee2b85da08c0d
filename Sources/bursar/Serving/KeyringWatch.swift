// Reads the keyring again when its file changes.
import BursarGateway
import BursarVault
import Foundation
import Logging
import Metrics
import Prometheus
import ServiceLifecycle

/// A keyring that cannot be read leaves the former one in force: a half-written file must not close the
/// vault.
struct KeyringWatch: Service {
    private let path: String
    private let vault: Vault
    private let gateway: Gateway
    private let logger: Logger
    private let failing: Gauge

    static let family = MetricFamily(
        "bursar_keyring_reload_failing", .gauge, help: "1 while the changed keyring cannot be read.")

    init(path: String, vault: Vault, gateway: Gateway, logger: Logger, factory: any MetricsFactory) {
        self.path = path
        self.vault = vault
        self.gateway = gateway
        self.logger = logger
        failing = Gauge(label: Self.family.name, factory: factory)
    }

    func run() async {
        let first = stamp()
        await cancelWhenGracefulShutdown {
            var (seen, isFailing) = (first, false)
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(2))
                let now = stamp()
                // One that could not be read is tried again: its rights may be right by now.
                guard now != seen || isFailing else { continue }
                isFailing = !reload(isNews: now != seen)
                seen = now
            }
        }
    }

    /// Whether it could be read; why not is said once for each change of the file.
    private func reload(isNews: Bool) -> Bool {
        do {
            let keyring = try Keyring.load(path: path)
            vault.replace(keyring)
            gateway.keyringChanged()
            failing.record(0)
            logger.notice(
                "keyring read again", metadata: ["keys": "\(keyring.keyIDs.joined(separator: ","))"])
            return true
        } catch {
            failing.record(1)
            if isNews {
                logger.error(
                    "the keyring changed and cannot be read; the former one stays",
                    metadata: ["error": "\(error)"])
            }
            return false
        }
    }

    private func stamp() -> [String] {
        // Of the file itself: where secrets are mounted as links, only the link's goal changes.
        let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        return [.modificationDate, .size, .systemFileNumber].map { (key: FileAttributeKey) in
            "\(attributes?[key] ?? "")"
        }
    }
}
