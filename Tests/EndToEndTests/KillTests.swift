// Promise 4 against `kill -9`: nothing that a merchant got is missing from what finance reads.
import BursarCore
import BursarTestSupport
import Foundation
import Synchronization
import Testing

@Suite struct KillTests {
    /// What the callers know: what came, and what was under way when the gateway died.
    private struct Log {
        var answered: Int64 = 0
        var refused: Int64 = 0
        var lost: Int64 = 0
    }

    private static let kills = ProcessInfo.processInfo.environment["BURSAR_TEST_LONG"] == nil ? 10 : 200
    private static let callers = 24

    @Test func whatFinanceReadsIsWhatMerchantsGotAcrossKills() async throws {
        var random = SplitMix64(seed: 20_261_121)
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("zertiban")
            let client = try await bench.issueClient()
            let stranger = Bench.Client(id: client.id, secret: String(client.secret.reversed()))
            let log = Mutex(Log())
            for _ in 0..<Self.kills {
                let answers = Int64.random(in: 1...900, using: &random)
                try await loadUntilKilled(bench, client, stranger, after: answers, log)
            }
            // The last one stops as it should, after it has delivered what the dead ones left.
            try await bench.withGateway(with: Self.changes) { gateway async throws in
                try await until("everything is delivered") {
                    try await HTTP.get(gateway.admin + "/metrics").body
                        .contains("\nbursar_journal_frames_pending 0\n")
                }
            }
            let known = log.withLock { $0 }
            try await check(bench, known)
        }
    }

    private static let changes = ["BURSAR_LOG_LEVEL": "info"]

    private func check(_ bench: Bench, _ known: Log) async throws {
        var answers: Int64 = 0
        for meter in Meter.answers { answers += try await bench.sum(meter) }
        let refused = try await bench.sum(.refused)
        print(
            "kill -9: \(Self.kills) kills, \(known.answered) answers logged, \(answers) counted; "
                + "\(known.refused) refusals logged, \(refused) counted; \(known.lost) in flight at the kills"
        )
        let surplus = (answers - known.answered, refused - known.refused)
        #expect(known.answered > 0 && known.refused > 0)
        #expect(surplus.0 >= 0, "answers are missing")
        #expect(surplus.1 >= 0, "refusals are missing")
        #expect(surplus.0 + surplus.1 <= known.lost, "more was counted than could have been answered")
        let verified = try await bench.bursar("report", "verify", "--period", Self.thisMonth)
        #expect(verified.status == 0, "\(verified.output)")
    }

    static var thisMonth: String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month], from: Date())
        return ReportPeriod(year: parts.year ?? 0, month: parts.month ?? 0)?.description ?? ""
    }

    private func loadUntilKilled(
        _ bench: Bench, _ client: Bench.Client, _ stranger: Bench.Client, after answers: Int64,
        _ log: borrowing Mutex<Log>
    ) async throws {
        let program = try RunningProgram(
            Executables.bursar, ["serve"],
            environment: bench.environment.merging(Self.changes) { _, new in new })
        let outcome = LoadLog()
        do {
            let gateway = try await RunningGateway(program, tls: false)
            await withTaskGroup(of: Void.self) { group in
                for caller in 0..<Self.callers {
                    let who = caller % 8 == 0 ? stranger : client
                    group.addTask {
                        await outcome.ask(gateway, who, until: answers) { program.signal(SIGKILL) }
                    }
                }
            }
        } catch {
            program.signal(SIGKILL)
            await program.end()
            throw error
        }
        await program.end()
        let (answered, refused, lost) = outcome.counts
        log.withLock { log in
            log.answered += answered
            log.refused += refused
            log.lost += lost
        }
    }
}

/// The callers of one run, until their gateway is gone.
private final class LoadLog: Sendable {
    private let contents = Mutex((answered: Int64(0), refused: Int64(0), lost: Int64(0)))

    var counts: (Int64, Int64, Int64) { contents.withLock { ($0.answered, $0.refused, $0.lost) } }

    /// Asks again and again; the request that gets no answer was in flight at the kill.
    func ask(
        _ gateway: RunningGateway, _ client: Bench.Client, until answers: Int64,
        kill: @Sendable () -> Void
    ) async {
        while true {
            let answer = try? await gateway.token(client)
            let (goesOn, isDue) = contents.withLock { contents in
                switch answer?.status {
                case 200: contents.answered += 1
                case 401: contents.refused += 1
                case nil: contents.lost += 1
                default: contents.lost += 1
                }
                return (answer != nil, contents.answered + contents.refused == answers)
            }
            if isDue { kill() }
            guard goesOn else { return }
        }
    }
}
