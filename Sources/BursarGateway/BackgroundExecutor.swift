// Where everything runs that nobody waits for within a millisecond.
private import Dispatch
private import Glibc

/// Runs tasks on threads that give way to the event loops. Hits are answered there, from memory; renewals,
/// their sealing and the journal's frames take a hundred times as long, and on a machine that is busy a hit
/// would wait for them (docs/adr/0027).
package final class BackgroundExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "bursar.background", attributes: .concurrent)

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            BackgroundThread.enter()
            job.runSynchronously(on: self.asUnownedTaskExecutor())
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
