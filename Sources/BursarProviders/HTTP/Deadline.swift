// A limit on the whole of an operation, however many waits it is made of.

/// Returns when so much time has gone by, or throws as soon as the task is cancelled.
package typealias Sleep = @Sendable (Duration) async throws -> Void

/// What `operation` returns, or nil when `duration` is over first; then it is cancelled and its end awaited,
/// so it must end promptly when cancelled. Async-http-client's own deadline ends with the reply's head, and a
/// body that drips would outlast it.
func within<Value: Sendable>(
    _ duration: Duration, sleep: @escaping Sleep, _ operation: @escaping @Sendable () async -> Value
) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask { await operation() }
        group.addTask {
            try? await sleep(duration)
            return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first
    }
}
