// A disk without room: tokens are served, counts wait in memory that outlives the process, none is lost.
import BursarCore
import BursarTestSupport
import Foundation
import Glibc
import Testing

@Suite struct DiskFullTests {
    /// Gives the gateway a small file system of its own as its state directory.
    private static let launcher = [
        "/usr/bin/unshare", "--map-root-user", "--mount", "/bin/sh", "-c",
        """
        mkdir -p "$BURSAR_STATE_DIR" || exit 9
        mount -t tmpfs -o size=96m,mode=0700 tmpfs "$BURSAR_STATE_DIR" || exit 9
        exec "$@"
        """, "launcher",
    ]

    /// A file in the state directory as the gateway sees it, in the mounts of its own.
    private func file(_ name: String, of gateway: RunningGateway, in bench: Bench) -> String {
        "/proc/\(gateway.program.pid)/root\(bench.folder.path)/state/\(name)"
    }

    /// Writes until there is no room left.
    private func fill(_ path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        try #require(file >= 0, "cannot write \(path)")
        defer { close(file) }
        let zeros = [UInt8](repeating: 0, count: 1 << 16)
        while write(file, zeros, zeros.count) > 0 {}
        #expect(errno == ENOSPC)
    }

    private func sealFailures(_ gateway: RunningGateway) async throws -> Int {
        let page = try await HTTP.get(gateway.admin + "/metrics").body
        let name = "bursar_journal_seal_failures_total "
        let line = try #require(page.split(separator: "\n").first { $0.hasPrefix(name) })
        return try #require(Int(line.dropFirst(name.count)))
    }

    @Test func nothingIsLostOnAFullDisk() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("zertiban")
            let client = try await bench.issueClient()
            try await bench.withGateway(by: Self.launcher) { gateway async throws in
                // Before the first frame: small ones would fit into the rest of a block that is there.
                let filler = file("filler", of: gateway, in: bench)
                try fill(filler)
                var answered: Int64 = 0
                try await until("sealing fails") {
                    #expect(try await gateway.token(client).status == 200)
                    answered += 1
                    return try await sealFailures(gateway) >= 2
                }
                #expect(try await bench.sum(.answeredMemory) + bench.sum(.answeredProvider) < answered)
                #expect(unlink(filler) == 0)
                try await until("all is counted") {
                    try await bench.sum(.answeredMemory) + bench.sum(.answeredProvider) == answered
                }
                #expect(gateway.program.output.contains("usage cannot be sealed"))
            }
        }
    }

    @Test func aDiskTooSmallForTheJournalEndsTheStart() async throws {
        try await Bench.lend { bench async throws in
            let state = bench.folder.path + "/state"
            let ended = try RunningProgram(
                "/usr/bin/unshare",
                [
                    "--map-root-user", "--mount", "/bin/sh", "-c",
                    """
                    mkdir -p "$0" && mount -t tmpfs -o size=1m,mode=0700 tmpfs "$0" || exit 9
                    exec "$1" serve
                    """, state, Executables.bursar,
                ], environment: bench.environment)
            #expect(await ended.end() == 1)
            #expect(ended.output.contains("No space left on device"), "\(ended.output)")
            #expect(ended.output.contains(state))
        }
    }
}
