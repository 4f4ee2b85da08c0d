// A program under test: started, watched by its output, ended by its own id.
private import Foundation
private import Glibc
private import Synchronization

/// Runs one of the built executables, or any other. Its output is read line by line, so that tests wait for
/// what it says and never for time to pass.
package final class RunningProgram: Sendable {
    fileprivate struct Contents {
        var lines: [String] = []
        var partial: [UInt8] = []
        var isSilent = false
        /// Exit status, or the signal's number as a negative one.
        var status: Int32?
        var ends: [CheckedContinuation<Int32, Never>] = []
        var waiters: [(pattern: String, continuation: CheckedContinuation<String?, Never>)] = []
    }

    package let pid: Int32
    private let contents = Mutex(Contents())

    /// Starts `executable` with exactly this environment (and PATH). `input` is its standard input.
    package init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
        input: String = ""
    ) throws {
        var all = ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent"]
        all.merge(environment) { _, given in given }
        let spawned = try SpawnedProcess(
            [executable] + arguments, environment: all.map { "\($0.key)=\($0.value)" })
        pid = spawned.pid
        spawned.feed(input)
        Thread.detachNewThread { [self] in
            spawned.read { self.take($0) }
            self.endOutput()
            self.finish()
        }
    }

    /// Everything it has printed so far.
    package var output: String {
        contents.withLock { contents in
            (contents.lines + [String(decoding: contents.partial, as: UTF8.self)]).joined(separator: "\n")
        }
    }

    /// The first line that holds `pattern`, now or later; nil when the program ends without one.
    package func line(containing pattern: String) async -> String? {
        await withCheckedContinuation { continuation in
            let known: String?? = contents.withLock { contents in
                if let line = contents.lines.first(where: { $0.contains(pattern) }) { return .some(line) }
                if contents.isSilent { return .some(nil) }
                contents.waiters.append((pattern, continuation))
                return .none
            }
            if case .some(let line) = known { continuation.resume(returning: line) }
        }
    }

    /// Does nothing once it has ended: its number may be another's by then.
    package func signal(_ number: Int32) {
        contents.withLock { if $0.status == nil { kill(pid, number) } }
    }

    /// Waits for its end, after its last output; its exit status, or the signal's number as a negative one.
    @discardableResult
    package func end() async -> Int32 {
        await withCheckedContinuation { continuation in
            let status: Int32? = contents.withLock { contents in
                if contents.status == nil { contents.ends.append(continuation) }
                return contents.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }

    /// SIGTERM, and its end.
    @discardableResult
    package func stop() async -> Int32 {
        signal(SIGTERM)
        return await end()
    }

    // MARK: On the reading thread

    private func take(_ bytes: ArraySlice<UInt8>) {
        let due = contents.withLock { contents in
            contents.partial += bytes
            var fresh: [String] = []
            while let newline = contents.partial.firstIndex(of: UInt8(ascii: "\n")) {
                fresh.append(String(decoding: contents.partial[..<newline], as: UTF8.self))
                contents.partial.removeSubrange(...newline)
            }
            contents.lines += fresh
            return contents.match(fresh)
        }
        for (continuation, line) in due { continuation.resume(returning: line) }
    }

    private func endOutput() {
        let waiters = contents.withLock { contents in
            contents.isSilent = true
            defer { contents.waiters = [] }
            return contents.waiters
        }
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
    }

    private func finish() {
        // Waits without taking the number away: `signal` must not hit whoever gets it next.
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        let (status, ends) = contents.withLock { contents in
            var raw: Int32 = 0
            waitpid(pid, &raw, 0)
            let status = raw & 0x7f == 0 ? raw >> 8 & 0xff : -(raw & 0x7f)
            contents.status = status
            defer { contents.ends = [] }
            return (status, contents.ends)
        }
        for end in ends { end.resume(returning: status) }
    }
}

extension RunningProgram.Contents {
    fileprivate mutating func match(
        _ lines: [String]
    ) -> [(CheckedContinuation<String?, Never>, String?)] {
        var due: [(CheckedContinuation<String?, Never>, String?)] = []
        waiters.removeAll { waiter in
            guard let line = lines.first(where: { $0.contains(waiter.pattern) }) else { return false }
            due.append((waiter.continuation, line))
            return true
        }
        return due
    }
}
