// Where everything runs that nobody waits for within a millisecond.
internal import DequeModule
private import Dispatch
private import Glibc
internal import Synchronization

/// Runs tasks on threads that give way to the event loops. Hits are answered there, from memory; renewals,
/// their sealing and the journal's frames take a hundred times as long, and on a machine that is busy a hit
/// would wait for them (docs/adr/0027). As many threads as are asked for, and they live as long as the
/// process: tasks that wait do not take one.
package final class BackgroundExecutor: TaskExecutor {
    private let line = Line()

    private final class Line: Sendable {
        let jobs = Mutex<Deque<UnownedJob>>([])
        let arrived = DispatchSemaphore(value: 0)
    }

    package init(threads: Int) {
        // Dispatch's own threads, which leave signals to whoever listens to them.
        for number in 1...max(threads, 1) {
            DispatchQueue(label: "bursar.background.\(number)").async { self.work() }
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        line.jobs.withLock { $0.append(job) }
        line.arrived.signal()
    }

    private func work() {
        BackgroundThread.enter()
        let executor = asUnownedTaskExecutor()
        while true {
            line.arrived.wait()
            line.jobs.withLock { $0.popFirst() }?.runSynchronously(on: executor)
        }
    }
}

enum BackgroundThread {
    /// A nice value: beside a busy event loop such a thread still gets a tenth of its processor, so that
    /// renewals go on however many hits there are.
    private static let niceness: Int32 = 10

    private static let entered: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    /// Lowers the calling thread, and those that it starts, the first time. Where that is forbidden, all
    /// threads stay alike.
    static func enter() {
        guard pthread_getspecific(entered) == nil else { return }
        pthread_setspecific(entered, UnsafeRawPointer(bitPattern: 1))
        // With Linux, 0 is this thread and not the process.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
    }
}
