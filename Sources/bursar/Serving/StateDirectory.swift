// This replica's own folder, held by one gateway at a time.
import Foundation
import Glibc

/// Locked as long as the process lives; the kernel gives the lock back whatever ends it.
struct StateDirectory {
    let path: String
    private let descriptor: Int32

    /// Makes the folder (for its owner alone) and takes its lock.
    init(path: String) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandFailure(.failed, "cannot make the state directory \(path); set BURSAR_STATE_DIR")
        }
        descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(.failed, "cannot write in the state directory \(path); set BURSAR_STATE_DIR")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandFailure(
                .refused,
                "another gateway uses the state directory \(path); give each its own BURSAR_STATE_DIR")
        }
    }
}
