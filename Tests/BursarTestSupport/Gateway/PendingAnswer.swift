// An answer that a test waits for, and its proof that it came once.
package import BursarGateway
internal import Synchronization

/// Collects what `respond` is called with.
package final class PendingAnswer<Value: Sendable>: Sendable {
    private let contents = Mutex<[Answer<Value>]>([])
    private let cancellation = Mutex<WaitingRequest?>(nil)

    package init() {}

    package var respond: Gateway.Respond<Value> {
        { answer in self.contents.withLock { $0.append(answer) } }
    }

    /// What can be cancelled, while the request waits.
    package var waiting: WaitingRequest? {
        get { cancellation.withLock { $0 } }
        set { cancellation.withLock { $0 = newValue } }
    }

    /// How often an answer came: 1, once it has come.
    package var count: Int { contents.withLock { $0.count } }
    package var answer: Answer<Value>? { contents.withLock { $0.first } }

    package func cancel() { waiting?.cancel() }
}

extension PendingAnswer<ServedToken> {
    package var served: ServedToken? { try? answer?.result.get() }
    package var refusal: Refusal? { answer?.refusal }
}

extension Answer {
    package var refusal: Refusal? {
        if case .failure(let refusal) = result { refusal } else { nil }
    }

    package var value: Value? { try? result.get() }
}
