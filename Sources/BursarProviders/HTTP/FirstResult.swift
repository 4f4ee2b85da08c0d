// A value that several sides may bring; the first one counts, and later ones are dropped.
private import Synchronization

/// Lets one task wait for work that cannot be cancelled, such as `getaddrinfo`, and leave it behind.
final class FirstResult<Value: Sendable>: Sendable {
    private enum State {
        /// → waiting, done
        case empty
        /// → done
        case waiting(CheckedContinuation<Value, Never>)
        /// For good.
        case done(Value)
    }

    private let state = Mutex(State.empty)

    /// Brings `value`; says nothing if another was first.
    func complete(_ value: Value) {
        let continuation = state.withLock { state -> CheckedContinuation<Value, Never>? in
            switch state {
            case .empty:
                state = .done(value)
                return nil
            case .waiting(let continuation):
                state = .done(value)
                return continuation
            case .done: return nil
            }
        }
        continuation?.resume(returning: value)
    }

    /// The value, once it is there. Only one task may wait.
    func value() async -> Value {
        await withCheckedContinuation { continuation in
            let value = state.withLock { state -> Value? in
                if case .done(let value) = state { return value }
                state = .waiting(continuation)
                return nil
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}
