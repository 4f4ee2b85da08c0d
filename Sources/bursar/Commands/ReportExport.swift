// Writes a report into a directory, whole or not at all.
import BursarCore
import BursarLedger
import BursarReports
import Crypto
import Foundation
import Glibc
import Synchronization

/// What was closed is written once under its version and never touched again; what is not is a draft that
/// each run replaces. A reader never sees half a file, and two runs at once do no harm.
struct ReportExport {
    let directory: String
    let request: ReportRequest

    /// A file that is there now.
    struct File: Encodable, Sendable {
        enum State: String, Encodable {
            case written
            case unchanged
        }
        let path: String
        let state: State
        let sha256: String
    }

    func write(from ledger: Ledger, _ writer: UsageReportWriter) async throws -> [File] {
        let head = try await ledger.head(of: request.period)
        var files = [try await report(head, writer)]
        if isWhole, head.closing != nil, let manifest = try await ledger.manifest(of: request.period) {
            let name = "bursar-usage-\(request.period)-\(head.version).manifest.json"
            let bytes = Array(manifest.utf8)
            files.append(try await place(name, isFinal: true) { try await $0(bytes) })
        }
        return files
    }

    private func report(_ head: PeriodHead, _ writer: UsageReportWriter) async throws -> File {
        // Requests are kept for three months, and some come late.
        let isFinal = head.closing != nil && !request.asksForEvents
        let file = try await place(
            name(head), isFinal: isFinal, digest: isWhole ? head.closing?.csvDigest : nil
        ) {
            try await writer.write(request, isServed: false, to: $0)
        }
        return file
    }

    /// Whether this is the file whose digest a manifest holds.
    private var isWhole: Bool {
        request.format == .csv && request.grouping == nil && request.filter == .all && !request.asksForEvents
    }

    private func name(_ head: PeriodHead) -> String {
        let filter = request.filter
        let parts: [String?] = [
            "bursar-usage", "\(request.period)", head.version, request.grouping.map { "by-\($0.rawValue)" },
            request.asksForEvents ? "events" : nil, filter.tenant?.description, filter.day,
            filter.client?.text, filter.provider?.text, filter.environment?.rawValue,
            filter.outcome?.rawValue,
        ]
        let ending =
            switch request.format {
            case .table: "txt"
            case .csv: "csv"
            case .json: "json"
            case .html: "html"
            }
        return parts.compactMap { $0 }.joined(separator: "-") + "." + ending
    }

    // MARK: Files

    private typealias Sink = @Sendable ([UInt8]) async throws -> Void

    private func place(
        _ name: String, isFinal: Bool, digest expected: String? = nil,
        _ produce: (@escaping Sink) async throws -> Void
    ) async throws -> File {
        let path = directory + "/" + name
        let draft = try DraftFile(beside: path)
        do {
            Output.say("Writing \(path) …")
            let progress = Mutex(0)
            try await produce { piece in
                try draft.append(piece)
                let mebibytes = progress.withLock { written in
                    let before = written
                    written += piece.count
                    return written >> 24 > before >> 24 ? written >> 20 : nil
                }
                if let mebibytes { Output.say("… \(mebibytes) MiB") }
            }
            let digest = try draft.finish()
            if let expected, expected != digest {
                throw CommandFailure(
                    .failed,
                    "the file of \(request.period) does not match its manifest (SHA-256 \(digest), not "
                        + "\(expected)); nothing was written. "
                        + "Run `bursar report verify --period \(request.period)`"
                )
            }
            let state = try draft.publish(as: path, digest: digest, isFinal: isFinal)
            return File(path: path, state: state, sha256: digest)
        } catch {
            draft.discard()
            throw error
        }
    }
}

/// A file under a name of its own until it is whole.
private final class DraftFile: Sendable {
    private let path: String
    private let descriptor: Int32
    private let hash = Mutex(SHA256())

    init(beside final: String) throws {
        path = "\(final).\(getpid()).\(UInt32.random(in: 0 ... .max)).part"
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            throw CommandFailure(.failed, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }

    func append(_ bytes: [UInt8]) throws {
        hash.withLock { $0.update(data: bytes) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count == -1, errno == EINTR { continue }
            guard count > 0 else { throw failure() }
            rest = rest.dropFirst(count)
        }
    }

    /// Puts the bytes on the disk; answers their SHA-256.
    func finish() throws -> String {
        guard fsync(descriptor) == 0 else { throw failure() }
        return hexText(Array(hash.withLock { $0.finalize() }))
    }

    func publish(as final: String, digest: String, isFinal: Bool) throws -> ReportExport.File.State {
        if let former = try DraftFile.digest(of: final) {
            guard former != digest else {
                discard()
                return .unchanged
            }
            guard !isFinal else {
                throw CommandFailure(
                    .refused,
                    "\(final) is there with another content than its closed period has: somebody changed it; "
                        + "move it away and run this again")
            }
        }
        guard rename(path, final) == 0 else { throw failure() }
        close(descriptor)
        let folder = open(URL(fileURLWithPath: final).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
        return .written
    }

    /// Nil when there is no such file.
    private static func digest(of path: String) throws -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        var hash = SHA256()
        while let bytes = try file.read(upToCount: 1 << 20), !bytes.isEmpty { hash.update(data: bytes) }
        return hexText(Array(hash.finalize()))
    }

    func discard() {
        unlink(path)
        close(descriptor)
    }

    private func failure() -> CommandFailure {
        CommandFailure(.failed, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
