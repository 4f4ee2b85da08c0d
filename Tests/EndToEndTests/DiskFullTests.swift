// A disk without room: tokens are served, counts wait in memory that outlives the process, none is lost.
import BursarCore
import BursarTestSupport
import Foundation
import Testing

@Suite struct DiskFullTests {
    /// Gives the gateway a small file system of its own as its state directory. Fills it when something is
    /// written to $FULL, and makes room again at $ROOM.
    private static let launcher = [
        "/usr/bin/unshare", "--map-root-user", "--mount", "/bin/sh", "-c",
        """
        mkdir -p "$BURSAR_STATE_DIR" && mkfifo "$FULL" "$ROOM" &&
        mount -t tmpfs -o size=96m,mode=0700 tmpfs "$BURSAR_STATE_DIR" || exit 9
        { read -r go < "$FULL"; cat /dev/zero > "$BURSAR_STATE_DIR/filler"; echo "the disk is full"
          read -r go < "$ROOM"; rm "$BURSAR_STATE_DIR/filler"; echo "there is room"; } 2>&1 &
        exec "$@"
        """, "launcher",
    ]

    private func signal(_ path: String) async throws {
        let writer = try RunningProgram("/bin/sh", ["-c", "echo go > \"$0\"", path])
        #expect(await writer.end() == 0)
    }

    @Test func nothingIsLostOnAFullDisk() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("zertiban")
            let client = try await bench.issueClient()
            let (full, room) = (bench.folder.path + "/full", bench.folder.path + "/room")
            try await bench.withGateway(with: ["FULL": full, "ROOM": room], by: Self.launcher) {
                gateway async throws in
                #expect(try await gateway.token(client).status == 200)
                var answered: Int64 = 1
                try await signal(full)
                _ = try #require(await gateway.program.line(containing: "the disk is full"))
                try await until("sealing fails") {
                    #expect(try await gateway.token(client).status == 200)
                    answered += 1
                    return try await HTTP.get(gateway.admin + "/metrics").body
                        .contains("bursar_journal_seal_failures_total 2")
                }
                #expect(try await bench.sum(.answeredMemory) + bench.sum(.answeredProvider) < answered)
                try await signal(room)
                _ = try #require(await gateway.program.line(containing: "there is room"))
                try await until("all is counted") {
                    try await bench.sum(.answeredMemory) + bench.sum(.answeredProvider) == answered
                }
                let said = gateway.program.output
                #expect(said.contains("journal"), "\(said)")
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
