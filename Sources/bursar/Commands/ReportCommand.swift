// bursar report …
import ArgumentParser
import BursarCore
import BursarLedger
import BursarReports
import Foundation

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Usage by month: show it, check it, close it.",
        subcommands: [
            ReportUsageCommand.self, ReportVerifyCommand.self, ReportCloseCommand.self,
            ReportShowCommand.self, ReportAdjustCommand.self,
        ])
}

/// `--period`, as people and timers write it.
enum PeriodArgument: Sendable {
    case month(ReportPeriod)
    /// The month before the present one.
    case last

    static let help: ArgumentHelp = "The month, as 2026-10; `last` is the one before this."

    static func parse(_ text: String) throws -> PeriodArgument {
        if text == "last" { return .last }
        guard let period = ReportPeriod(text) else {
            throw ValidationError("'\(text)' is no month: write it as 2026-10, or `last`.")
        }
        return .month(period)
    }

    func period(zone: String, now: Date = Date()) throws -> ReportPeriod {
        switch self {
        case .month(let period): return period
        case .last:
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = TimeZone(identifier: zone) ?? .gmt
            let today = calendar.dateComponents([.year, .month], from: now)
            guard let year = today.year, let month = today.month,
                let period = ReportPeriod(year: year, month: month)
            else { throw CommandFailure(.failed, "this machine's clock shows no sensible date") }
            return period.previous
        }
    }
}

extension Administration {
    /// Runs `body` with the ledger and the zone that reports are in. A report may take its time.
    func withReports<R: Sendable>(_ body: (Ledger, String) async throws -> R) async throws -> R {
        try await withLedger(timeout: Self.reportTimeout) { ledger in
            let zone = try await ledger.adoptReportZone(settings.reportZone)
            return try await body(ledger, zone)
        }
    }
}
