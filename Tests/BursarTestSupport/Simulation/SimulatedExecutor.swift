// Runs asynchronous code on one thread, step by step, so that a test knows when nothing is under way any
// more.
internal import Synchronization

/// An executor that runs nothing by itself. The test runs it until it is idle: every task that prefers this
/// executor then waits for time, for a held call, or for nothing at all. With `shuffled` the next job is
/// drawn rather than taken in turn, which tries other interleavings; the same seed always gives the same one.
package final class SimulatedExecutor: TaskExecutor {
    private struct Contents {
        var jobs: [UnownedJob] = []
        var random: SplitMix64?
    }

    private let contents: Mutex<Contents>

    package init(shuffled seed: UInt64? = nil) {
        contents = Mutex(Contents(random: seed.map(SplitMix64.init(seed:))))
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        contents.withLock { $0.jobs.append(job) }
    }

    /// Runs what is ready, and what that makes ready, on the calling thread.
    package func runUntilIdle() {
        while runOne() {}
    }

    /// Runs one step; false when there is none.
    package func runOne() -> Bool {
        guard let job = next() else { return false }
        job.runSynchronously(on: asUnownedTaskExecutor())
        return true
    }

    /// Begins `body`; its value appears once it has ended.
    package func start<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Eventually<Value> {
        let result = Eventually<Value>()
        Task(executorPreference: self) { result.fulfil(await body()) }
        return result
    }

    private func next() -> UnownedJob? {
        contents.withLock { contents in
            guard !contents.jobs.isEmpty else { return nil }
            guard contents.random != nil else { return contents.jobs.removeFirst() }
            let index = Int(contents.random!.next() % UInt64(contents.jobs.count))
            return contents.jobs.remove(at: index)
        }
    }
}

/// A value that comes later.
package final class Eventually<Value: Sendable>: Sendable {
    private let contents = Mutex<Value?>(nil)

    /// Nil until it has come.
    package var value: Value? { contents.withLock { $0 } }

    func fulfil(_ value: Value) { contents.withLock { $0 = value } }
}
