// Takes a store away and counts what is asked of it.
package import BursarCore
internal import Synchronization

/// One of these stands in each memory store: the test breaks the store with it and reads how often it was
/// asked.
package final class StoreSwitch: Sendable {
    private struct Contents {
        var failure: StoreFailure?
        var calls = 0
        var loses: (@Sendable (Int) -> Bool)?
    }

    private let contents = Mutex(Contents())

    package init() {}

    /// What every call now throws; nil when the store answers.
    package var failure: StoreFailure? {
        get { contents.withLock { $0.failure } }
        set { contents.withLock { $0.failure = newValue } }
    }

    /// Whether the answer to the call of this number is lost: the work was done, and its caller cannot know.
    package var loses: (@Sendable (Int) -> Bool)? {
        get { contents.withLock { $0.loses } }
        set { contents.withLock { $0.loses = newValue } }
    }

    /// Calls so far, also those that failed.
    package var calls: Int { contents.withLock { $0.calls } }

    /// Does nothing for a cancelled task, as a pool that lends it no connection.
    func pass() throws(StoreFailure) {
        let failure = contents.withLock { contents in
            contents.calls += 1
            return contents.failure
        }
        if let failure { throw failure }
        if Task.isCancelled { throw .unavailable }
    }

    /// At the end of a call: its answer is on the way.
    func answer() throws(StoreFailure) {
        let isLost = contents.withLock { $0.loses?($0.calls) ?? false }
        if isLost { throw .unavailable }
    }
}
