// A wait that several parties may end: the first to do so wins, the others are ignored.
import Synchronization

/// One value, awaited by one task and settled by whoever comes first.
final class FirstOutcome<Value: Sendable>: Sendable {
    /// empty → awaited or settled → settled; what comes later is dropped.
    private enum State {
        case empty
        case awaited(CheckedContinuation<Value, Never>)
        case settled(Value)
    }

    private let state = Mutex(State.empty)

    func settle(_ value: Value) {
        let continuation: CheckedContinuation<Value, Never>? = state.withLock { state in
            switch state {
            case .settled: return nil
            case .empty:
                state = .settled(value)
                return nil
            case .awaited(let continuation):
                state = .settled(value)
                return continuation
            }
        }
        continuation?.resume(returning: value)
    }

    /// The value if it is there already.
    var settledValue: Value? {
        state.withLock { if case .settled(let value) = $0 { value } else { nil } }
    }

    /// Awaited once.
    func value() async -> Value {
        await withCheckedContinuation { continuation in
            let settled: Value? = state.withLock { state in
                if case .settled(let value) = state { return value }
                state = .awaited(continuation)
                return nil
            }
            if let settled { continuation.resume(returning: settled) }
        }
    }
}
