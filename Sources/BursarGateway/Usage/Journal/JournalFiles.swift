// Files of a journal: names, and the few system calls that it needs.
internal import BursarCore
private import Foundation
internal import Glibc

/// A folder with a journal's files. All of them are for their owner alone.
struct JournalFiles: Sendable {
    let directory: String

    static let identity = "journal-id"

    func path(_ name: String) -> String { directory + "/" + name }
    static func pages(_ boot: ReplicaID) -> String { "usage-\(boot).pages" }
    static func segment(_ boot: ReplicaID, first: Int64) -> String { "usage-\(boot)-\(first).frames" }

    /// The boot of a pages file; nil for another file.
    static func boot(ofPages name: String) -> ReplicaID? {
        guard name.hasPrefix("usage-"), name.hasSuffix(".pages") else { return nil }
        return ReplicaID(String(name.dropFirst(6).dropLast(6)))
    }

    static func isSegment(_ name: String) -> Bool { name.hasPrefix("usage-") && name.hasSuffix(".frames") }

    /// Every name, sorted.
    func names() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    /// The whole file; nil when it is not there.
    /// - Throws: when it may be there and cannot be read now.
    func read(_ name: String) throws(JournalError) -> [UInt8]? {
        var status = stat()
        guard stat(path(name), &status) == 0 else {
            if errno == ENOENT { return nil }
            throw unreadable(name)
        }
        return try read(name, at: 0, count: Int(status.st_size))
    }

    /// Part of a file; nil when it is not there in full.
    /// - Throws: when it may be there and cannot be read now, as when descriptors have run out.
    func read(_ name: String, at offset: Int, count: Int) throws(JournalError) -> [UInt8]? {
        let descriptor = open(path(name), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw unreadable(name)
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + done, count - done, off_t(offset + done))
            }
            if got == -1, errno == EINTR { continue }
            guard got >= 0 else { throw unreadable(name) }
            if got == 0 { return nil }
            done += got
        }
        return bytes
    }

    private func unreadable(_ name: String) -> JournalError {
        JournalError(
            "cannot read \(path(name)): \(Self.reason()); nothing of it is lost, it is tried again. A file "
                + "that the disk does not give back may be moved away: its counts are lost then")
    }

    func remove(_ name: String) { unlink(path(name)) }

    /// Makes the folder's entries durable.
    func sync() {
        let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// The folder's own id, made the first time.
    func identity(orElse made: UUIDValue) throws(JournalError) -> UUIDValue {
        if let bytes = try read(Self.identity) {
            let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
            if let known = UUIDValue(text) { return known }
            // Damaged: frames carry their own id, and what else their process left goes by it.
            remove(Self.identity)
        }
        guard let file = AppendedFile(path: path(Self.identity)), file.append(Array("\(made)\n".utf8)) else {
            throw JournalError("cannot write in \(directory): \(Self.reason()); check BURSAR_STATE_DIR")
        }
        sync()
        return made
    }

    static func reason() -> String { String(cString: strerror(errno)) }
}

/// A file that only grows. What could not be written in full is taken back.
final class AppendedFile: Sendable {
    private let descriptor: Int32

    /// Nil when it cannot be made, or is there already.
    init?(path: String) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    /// Whether all of it is on the disk; if not, none of it is in the file.
    func append(_ bytes: [UInt8]) -> Bool {
        let end = lseek(descriptor, 0, SEEK_END)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress! + done, bytes.count - done)
            }
            if count == -1, errno == EINTR { continue }
            guard count > 0 else {
                let number = errno
                ftruncate(descriptor, end)
                errno = number
                return false
            }
            done += count
        }
        guard fdatasync(descriptor) == 0 else {
            ftruncate(descriptor, end)
            return false
        }
        return true
    }
}

/// A file in memory that the kernel keeps when the process ends, whatever ends it. Unmapped in the end.
final class MappedFile: Sendable {
    /// The pages are divided among lanes, each under its own lock.
    nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

    /// Reserves every block at once: a sparse file would end the process when the disk is full.
    init(path: String, size: Int) throws(JournalError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw JournalError("cannot make \(path): \(JournalFiles.reason()); check BURSAR_STATE_DIR")
        }
        defer { close(descriptor) }
        let number = posix_fallocate(descriptor, 0, off_t(size))
        guard number == 0 else {
            unlink(path)
            throw JournalError(
                "cannot reserve \(size) bytes for \(path): \(String(cString: strerror(number))); "
                    + "make room, or set BURSAR_STATE_DIR to a disk that has it")
        }
        let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let address, address != MAP_FAILED else {
            unlink(path)
            throw JournalError("cannot map \(path) into memory: \(JournalFiles.reason())")
        }
        bytes = UnsafeMutableRawBufferPointer(start: address, count: size)
    }

    deinit { munmap(bytes.baseAddress, bytes.count) }
}
