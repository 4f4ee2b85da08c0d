// The highest timeline that this replica has seen, kept over restarts.
import Foundation
import Postgres
import Synchronization

/// `timeline` in the state directory: system identifier and number. With it a gateway that starts while the
/// old primary alone answers refuses that, as it did before.
final class TimelineFile: Sendable {
    let path: String
    private let latest: Mutex<ServerTimeline?>

    /// - Throws: when the file is there and says nothing that can be understood.
    init(directory: String) throws {
        path = directory + "/timeline"
        latest = Mutex(nil)
        guard let data = FileManager.default.contents(atPath: path) else { return }
        let words = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let number = Int(words[1]), number > 0 else {
            throw CommandFailure(
                .failed,
                "\(path) is damaged; make sure that no old primary of the database runs, delete the file and "
                    + "start again")
        }
        latest.withLock { $0 = ServerTimeline(system: String(words[0]), number: number) }
    }

    var remembered: ServerTimeline? { latest.withLock { $0 } }

    /// Two connections may meet two timelines at the same time: whoever has written looks again.
    /// - Returns: why it could not be kept, if so.
    func remember(_ timeline: ServerTimeline) -> String? {
        latest.withLock { latest in
            if let latest, latest.system == timeline.system, latest.number > timeline.number { return }
            latest = timeline
        }
        var written: ServerTimeline?
        while let wanted = remembered, wanted != written {
            do {
                let url = URL(fileURLWithPath: path)
                try Data("\(wanted.system) \(wanted.number)\n".utf8).write(to: url, options: .atomic)
            } catch {
                return "cannot write \(path)"
            }
            written = wanted
        }
        return nil
    }
}
