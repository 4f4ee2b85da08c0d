// An owner's data keys, shared by all who seal and open for it.
internal import BursarCore
internal import Synchronization

/// Connections and slots hold this rather than the keys: a key that is wrapped anew is replaced here, and is
/// theirs at once.
final class OwnerKeys: Sendable {
    let owner: OwnerID
    private let keys = Mutex(Few<WrappedDataKey>())

    init(owner: OwnerID) { self.owner = owner }

    var all: [WrappedDataKey] { keys.withLock { Array($0) } }

    /// The one that seals.
    var newest: WrappedDataKey? { all.max { $0.version < $1.version } }

    func replace(_ keys: [WrappedDataKey]) { self.keys.withLock { $0 = Few(keys) } }
}
