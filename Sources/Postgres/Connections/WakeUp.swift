// Ends a poll(2) from another thread. A pipe, since Swift's Glibc does not show eventfd.
import Glibc

/// A descriptor that becomes readable when `signal` is called, until `clear` is.
final class WakeUp: Sendable {
    /// To poll for reading; -1 when the process had no descriptor left.
    let descriptor: Int32
    private let writer: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        if pipe(&ends) == 0 {
            for end in ends {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
            }
        }
        descriptor = ends[0]
        writer = ends[1]
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        close(writer)
    }

    /// A full pipe refuses the byte; the reader is awake then anyway.
    func signal() {
        var byte: UInt8 = 1
        _ = write(writer, &byte, 1)
    }

    func clear() {
        var bytes: [UInt8] = .init(repeating: 0, count: 64)
        while read(descriptor, &bytes, bytes.count) == bytes.count {}
    }
}
