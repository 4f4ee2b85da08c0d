// Folders for journals: in memory where there is such a disk, so that syncing costs nothing.
private import Foundation
private import Synchronization

/// Makes folders, and removes them all in the end.
package final class JournalFolders: Sendable {
    private let made = Mutex<[String]>([])

    package init() {}

    package func make() -> String {
        let memory = "/dev/shm"
        let isThere = FileManager.default.isWritableFile(atPath: memory)
        let parent = isThere ? memory : FileManager.default.temporaryDirectory.path
        let path = "\(parent)/bursar-journal-\(UUID().uuidString)"
        // A test without its folder fails at its first use.
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        made.withLock { $0.append(path) }
        return path
    }

    deinit {
        for path in made.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
    }
}
