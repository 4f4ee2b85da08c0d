// Word of a change of the configuration, as soon as it is made.

/// A hint that spares waiting for the next poll; what was missed, the poll finds. Implemented by
/// BursarLedger.
package protocol ConfigurationNotices: Sendable {
    /// Listens until the connection is lost or the task is cancelled. Calls `heard` with nil once it listens,
    /// since whatever was said before went unheard, and with the new version at each change.
    func listen(
        _ heard: @escaping @Sendable (ConfigVersion?) async -> Void
    ) async throws(StoreFailure)
}
