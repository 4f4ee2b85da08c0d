// An owner's data keys, shared by all who seal and open for it.
internal import BursarCore
internal import Synchronization

/// Connections and slots hold this rather than the keys: a key that is wrapped anew is replaced here, and is
/// theirs at once.
final class OwnerKeys: Sendable {
    let owner: OwnerID
    private let keys = Mutex(Few<Key>())

    /// One of them, without the owner.
    private struct Key {
        let wrapped: [UInt8]
        let keyID: String
        let version: Int32

        init(_ key: WrappedDataKey) {
            (wrapped, keyID, version) = (key.wrapped, key.keyID, Int32(key.version))
        }
    }

    init(owner: OwnerID) { self.owner = owner }

    var all: [WrappedDataKey] { keys.withLock { $0.map(whole) } }

    /// The one that seals.
    var newest: WrappedDataKey? {
        keys.withLock { $0.max { $0.version < $1.version } }.map(whole)
    }

    /// - Parameter keys: of this owner.
    func replace(_ keys: some Sequence<WrappedDataKey>) {
        let held = Few(keys.lazy.map(Key.init))
        self.keys.withLock { $0 = held }
    }

    /// - Parameter key: of this owner.
    func add(_ key: WrappedDataKey) { keys.withLock { $0.append(Key(key)) } }

    private func whole(_ key: Key) -> WrappedDataKey {
        WrappedDataKey(owner: owner, version: Int(key.version), keyID: key.keyID, wrapped: key.wrapped)
    }
}
