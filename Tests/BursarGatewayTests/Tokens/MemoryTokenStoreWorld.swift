// The token store in memory, with the commands around it.
import BursarCore
import BursarTestSupport
import StoreTrials

/// For `TokenStoreBehaviour`.
final class MemoryTokenStoreWorld: TokenStoreWorld {
    let store: MemoryTokenStore
    private let directory = MemoryDirectoryStore()
    private let random = SeededRandom(seed: 1)
    private let clock = ManualClock()

    init() { store = MemoryTokenStore(directory: directory, clock: clock) }

    func makeSlot() -> SlotKey {
        let owner = OwnerID(makeID())
        let credential = Credential(
            id: CredentialID(makeID()), owner: owner, provider: ProviderProfile.zertiban.id,
            environment: .sandbox,
            version: 1, clientID: "client", secret: .missing, state: .active, sharesToken: false,
            isPlatform: false)
        directory.change { tables in
            tables.credentials[credential.id] = credential
            tables.touch(credential.id)
        }
        let fields = SlotFields(
            owner: owner, provider: credential.provider, environment: credential.environment,
            credential: credential.id, credentialVersion: 1, tokenURL: "https://provider.example/token",
            scope: nil)
        return SlotKey(fields: fields, digest: Array(repeating: 7, count: 32))
    }

    func replaceCredential(of slot: SlotKey) { change(slot) { $0?.version += 1 } }
    func keepCredential(of slot: SlotKey) { change(slot) { $0?.state = .retiring } }
    func suspendCredential(of slot: SlotKey) { change(slot) { $0?.state = .pending } }

    func removeCredential(of slot: SlotKey) {
        change(slot) { $0 = nil }
        store.removeSlots(of: slot.fields.credential)
    }

    func credentialState(of slot: SlotKey) -> Credential.State? {
        directory.credential(slot.fields.credential)?.state
    }

    private func change(_ slot: SlotKey, _ body: (inout Credential?) -> Void) {
        directory.change { body(&$0.credentials[slot.fields.credential]) }
    }

    private func makeID() -> UUIDValue { UUIDValue(high: random.next(), low: random.next()) }
}
