// Work that waits for the disk, kept off the threads that everyone shares.
private import Dispatch

/// Runs work that blocks somewhere else. Simulated time runs it in place.
package struct Offload: Sendable {
    private let queue: Queue?

    private final class Queue: Sendable {
        let queue = DispatchQueue(label: "bursar.offload")
    }

    /// In place.
    package static let inPlace = Offload(queue: nil)

    /// On a thread of its own, one work after the other.
    package static func thread() -> Offload { Offload(queue: Queue()) }

    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        guard let queue else { return work() }
        return await withCheckedContinuation { continuation in
            queue.queue.async {
                BackgroundThread.enter()
                continuation.resume(returning: work())
            }
        }
    }
}
