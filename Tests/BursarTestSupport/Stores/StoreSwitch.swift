// Takes a store away and counts what is asked of it.
package import BursarCore
internal import Synchronization

/// One of these stands in each memory store: the test breaks the store with it and reads how often it was
/// asked.
package final class StoreSwitch: Sendable {
    private let contents = Mutex<(failure: StoreFailure?, calls: Int)>((nil, 0))

    package init() {}

    /// What every call now throws; nil when the store answers.
    package var failure: StoreFailure? {
        get { contents.withLock { $0.failure } }
        set { contents.withLock { $0.failure = newValue } }
    }

    /// Calls so far, also those that failed.
    package var calls: Int { contents.withLock { $0.calls } }

    func pass() throws(StoreFailure) {
        let failure = contents.withLock { contents in
            contents.calls += 1
            return contents.failure
        }
        if let failure { throw failure }
    }
}
