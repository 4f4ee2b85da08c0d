// One attempt to get a token, and the pause after one that failed.

extension TokenSlot {
    /// One attempt to get a token, shared by all who want it. It is nobody's: callers come and go.
    package struct Flight: Sendable, Hashable {
        package typealias ID = Int

        package let id: ID
        package let cause: RefreshEvent.Cause
        /// A token that does not come later than this is not wanted.
        package let newerThan: Generation
        package let startedAt: Instant
        package let deadline: Instant
    }

    package struct Cooling: Sendable, Hashable {
        package let failure: ExchangeFailure
        package let count: Int
        package let retryAt: Instant
        /// When to see whether the store still says so, where it was the store's word.
        package var lookAt: Instant?
        var nextTry: Instant { min(lookAt ?? retryAt, retryAt) }
    }
}
