// posix_spawn with pipes that no other program inherits.
private import Foundation
private import Glibc
private import Synchronization

/// A child with its standard input and its joined output and error. Foundation's Process loses ends of
/// children that are started side by side.
struct SpawnedProcess: Sendable {
    let pid: Int32
    private let input: Int32
    private let output: Int32

    /// Pipes are made, marked and handed on under one lock: a child started in between would inherit them,
    /// and their end would never come.
    private static let spawning = Mutex(())

    struct SpawnError: Error {
        let program: String
        let number: Int32
    }

    init(_ arguments: [String], environment: [String]) throws {
        (pid, input, output) = try SpawnedProcess.spawning.withLock { _ in
            let (theirInput, input) = SpawnedProcess.pipe()
            let (output, theirOutput) = SpawnedProcess.pipe()
            defer { [theirInput, theirOutput].forEach { _ = close($0) } }
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_adddup2(&actions, theirInput, 0)
            posix_spawn_file_actions_adddup2(&actions, theirOutput, 1)
            posix_spawn_file_actions_adddup2(&actions, theirOutput, 2)
            let argv = arguments.map { strdup($0) } + [nil]
            let envp = environment.map { strdup($0) } + [nil]
            defer { (argv + envp).forEach { free($0) } }
            var pid: pid_t = 0
            let number = posix_spawn(&pid, arguments[0], &actions, nil, argv, envp)
            guard number == 0 else { throw SpawnError(program: arguments[0], number: number) }
            return (pid, input, output)
        }
    }

    /// Writes all of it and closes the pipe; meant for less than a pipe holds (64 KiB).
    func feed(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(input, bytes, bytes.count)
        close(input)
    }

    /// Reads until the child, and whatever it started, has closed its output.
    func read(_ each: (ArraySlice<UInt8>) -> Void) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(output, &buffer, buffer.count)
            if count == -1, errno == EINTR { continue }
            guard count > 0 else { break }
            each(buffer[..<count])
        }
        close(output)
    }

    private static func pipe() -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        _ = Glibc.pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
